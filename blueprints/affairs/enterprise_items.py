"""Service items as firms meet them: the guides, a draft of the form, the application in the firm's name."""

from typing import Any

from flask import g

from backend.http.access import member
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.affairs import firm_case_schemas, item_schemas
from models.affairs import case_views, form_draft, item_forms, open_item, service_item, service_item_views
from models.affairs.hand_in import hand_in
from models.affairs.open_item import Submission

items = Surface("enterprise items", __name__, url_prefix="/enterprise/v1/service-items", description="企业办事")


@items.get("", access=member(scope="matters"))
@items.arguments(item_schemas.ItemPageQuery, location="query")
@items.answer(200, item_forms.OwnItemList)
def list_items(query: dict[str, Any]) -> dict[str, Any]:
    """The items open to firms."""
    found, following = service_item.open_to("firm", cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [service_item_views.listed(one) for one in found], "next": following}


@items.get("/<item_code>", access=member(scope="matters"))
@items.answer(200, item_forms.OwnItemGuide)
def read(item_code: str) -> dict[str, Any]:
    """The guide of an item with the form of its newest version."""
    return service_item_views.guide(open_item.open_to(g.actor, item_code))


@items.get("/<item_code>/draft", access=member(scope="matters"))
@items.answer(200, item_forms.OwnItemDraft)
def read_draft(item_code: str) -> dict[str, Any]:
    """The firm's half filled form, whoever of its members saved it."""
    return service_item_views.draft(form_draft.read(g.actor, item_code))


@items.put("/<item_code>/draft", access=member(scope="matters"))
@items.arguments(item_forms.OwnItemDraftBody)
@items.answer(200, item_forms.OwnItemDraft)
def save_draft(body: dict[str, Any], item_code: str) -> dict[str, Any]:
    """Save a half filled form in place of the one before."""
    item = open_item.open_to(g.actor, item_code)
    return service_item_views.draft(form_draft.save(g.actor, item, body["answers"]))


@items.post("/<item_code>/cases", access=member(scope="matters"), parameters=[PARAMETER])
@idempotent
@items.arguments(item_forms.OwnItemSubmitBody)
@items.answer(201, firm_case_schemas.FirmCaseBrief)
def submit(body: dict[str, Any], item_code: str) -> dict[str, Any]:
    """Submit the form in the firm's name: a case begins, its answers sealed."""
    open_item.require_without_slot(g.actor, item_code)
    told = Submission(body["version"], body["answers"], tuple(body["attachments"]), body["text"])
    return case_views.brief(hand_in(g.actor, item_code, told, body["materials"]))
