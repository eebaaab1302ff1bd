"""Trying a round's rules on the applications of another round, before they become law."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.sheets import writing
from backend.store import object_ids
from blueprints.school import rule_preview_schemas as schemas
from models.school import rule_preview, rule_preview_views
from models.school.application_office_views import PURPOSE

previews = Surface("office school rule previews", __name__, url_prefix="/office/v1/school", description="招生规则试算")
TRY = staff("rule.try")


@previews.post("/rounds/<round_id>/rule-previews", access=TRY, parameters=[PARAMETER])
@idempotent
@previews.arguments(schemas.RulePreviewBody)
@previews.answer(202, schemas.RulePreviewBrief)
def try_rule(body: dict[str, str], round_id: str) -> dict[str, Any]:
    """Try a version or draft of a round's rule on the decided applications of another round; none of them changes."""
    made = rule_preview.start(g.actor, round_id, rule_set_id=body["rule_set"], source=body["source"])
    return rule_preview_views.brief(made)


@previews.get("/rounds/<round_id>/rule-previews", access=TRY)
@previews.arguments(schemas.RulePreviewQuery, location="query")
@previews.answer(200, schemas.RulePreviewList)
def list_rule_previews(query: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Previews of a round's rules, the latest first, and how far they are."""
    items, following = rule_preview_views.listed(
        g.actor, round_id, cursor=query.get("cursor"), limit=query["limit"]
    )  # fmt: skip
    return {"items": items, "next": following}


@previews.get("/rounds/<round_id>/rule-previews/<preview_id>", access=TRY)
@previews.answer(200, schemas.RulePreviewView)
def read_rule_preview(round_id: str, preview_id: str) -> dict[str, Any]:
    """Tiers before and after, who gains and loses, which facts were not kept; schools for who reads applications."""
    return rule_preview_views.shown(g.actor, round_id, object_ids.read(preview_id))


@previews.get("/rounds/<round_id>/rule-previews/<preview_id>/changes", access=staff("school.plan", PURPOSE))
@previews.arguments(schemas.RulePreviewQuery, location="query")
@previews.answer(200, schemas.RulePreviewLines)
def list_rule_changes(query: dict[str, Any], round_id: str, preview_id: str) -> dict[str, Any]:
    """The first applications that change, by their receipts, with the reasons before and after."""
    items, following = rule_preview_views.changed(
        g.actor, round_id, object_ids.read(preview_id), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@previews.get("/rounds/<round_id>/rule-previews/<preview_id>/content.xlsx", access=TRY)
@previews.response(200, content_type=writing.MEDIA_TYPE)
def export_rule_preview(round_id: str, preview_id: str) -> Response:
    """The numbers of a preview as a workbook; it names nobody."""
    rows = rule_preview_views.sheet(g.actor, round_id, object_ids.read(preview_id))
    data = writing.table(rule_preview_views.HEADERS, rows, title="规则试算")
    return attachment(data, name="规则试算.xlsx", media_type=writing.MEDIA_TYPE)
