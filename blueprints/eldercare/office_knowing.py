"""What is known of an elder, for the staff: tables, findings, the screen, assessments, personal ranges."""

from datetime import UTC
from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.eldercare import knowing_schemas as schemas
from models.eldercare import (
    assessment,
    knowing_parts,  # noqa: F401 - registers what it adds to the summary
    knowing_views,
    personal_range,
    tool_change,
    view,
)
from models.eldercare.assessment import Filled
from models.eldercare.personal_range import Wanted
from models.eldercare.tool_change import Proposed
from models.eldercare.view import PURPOSE

knowing = Surface(
    "office health knowing", __name__, url_prefix="/office/v1/health", description="健康研判、评估与个人范围"
)
READ = staff("health.read", PURPOSE)
ASSESS = staff("health.assess", PURPOSE)


@knowing.get("/tools", access=staff("health.read"))
@knowing.answer(200, schemas.HealthToolList)
def list_tools() -> dict[str, Any]:
    """The scoring tables, assessments and checklists in force, with their sources."""
    return {"items": knowing_views.tools(), "next": None}


@knowing.get("/tools/<code>", access=staff("health.read"))
@knowing.answer(200, schemas.HealthToolContentView)
def read_tool(code: str) -> dict[str, Any]:
    """One table in force with its items, options and points."""
    return knowing_views.one_tool(code)


@knowing.post("/tools/<code>/versions", access=staff("rule.edit"), parameters=[PARAMETER])
@idempotent
@knowing.arguments(schemas.HealthToolBody)
@knowing.answer(201, schemas.HealthToolProposalView)
def propose_tool(body: dict[str, Any], code: str) -> dict[str, Any]:
    """Propose the next version of a table; a second person puts it in force at /office/v1/approvals."""
    reason = body.pop("reason")
    made, approval_id = tool_change.propose(g.actor, code, Proposed(**body), reason=reason)
    return {"code": code, "version": made["version"], "approval_id": str(approval_id)}


@knowing.get("/elders/<elder_id>/findings", access=READ)
@knowing.arguments(schemas.HealthPageQuery, location="query")
@knowing.answer(200, schemas.HealthFindingList)
def list_findings(query: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """What the rules found of an elder, the newest first."""
    reader = view.of_staff(g.actor, object_ids.read(elder_id))
    items, following = knowing_views.findings(reader, cursor=query.get("cursor"), limit=query["limit"])
    reader.looked("health.findings")
    return {"items": items, "next": following}


@knowing.get("/elders/<elder_id>/findings/<finding_id>", access=READ)
@knowing.answer(200, schemas.HealthFindingReasonView)
def read_finding(elder_id: str, finding_id: str) -> dict[str, Any]:
    """One finding with its reasons, made again from its record."""
    reader = view.of_staff(g.actor, object_ids.read(elder_id))
    found = knowing_views.one_finding(reader, object_ids.read(finding_id))
    reader.looked("health.findings")
    return found


@knowing.get("/elders/<elder_id>/screen", access=READ)
@knowing.answer(200, schemas.HealthScreenView)
def read_screen(elder_id: str) -> dict[str, Any]:
    """NEWS2 of the last vital signs: a screen, no order."""
    reader = view.of_staff(g.actor, object_ids.read(elder_id))
    found = knowing_views.screened(reader)
    reader.looked("health.vitals")
    return found


@knowing.get("/elders/<elder_id>/assessments", access=READ)
@knowing.answer(200, schemas.HealthAssessmentList)
def list_assessments(elder_id: str) -> dict[str, Any]:
    """The assessments of an elder with their answers, the newest first."""
    reader = view.of_staff(g.actor, object_ids.read(elder_id))
    found = knowing_views.assessments(reader)
    reader.looked("health.assessments")
    return {"items": found, "next": None}


@knowing.post("/elders/<elder_id>/assessments", access=ASSESS, parameters=[PARAMETER])
@idempotent
@knowing.arguments(schemas.HealthAssessmentBody)
@knowing.answer(201, schemas.HealthAssessmentView)
def fill_assessment(body: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """Score an elder's answers by the version of the table in force on that day."""
    told = Filled(body["tool"], body["answers"], body["at"].astimezone(UTC), body["signs"])
    return knowing_views.assessment(assessment.fill(g.actor, object_ids.read(elder_id), told))


@knowing.get("/elders/<elder_id>/ranges", access=READ)
@knowing.answer(200, schemas.HealthPersonalRangeList)
def list_ranges(elder_id: str) -> dict[str, Any]:
    """The personal ranges of an elder: who set them, until when, why."""
    reader = view.of_staff(g.actor, object_ids.read(elder_id))
    found = [one for one in personal_range.listed(reader.subject_id) if knowing_views.shows(reader, one["quantity"])]
    reader.looked("health.ranges")
    return {"items": knowing_views.ranges(found), "next": None}


@knowing.post("/elders/<elder_id>/ranges", access=ASSESS, parameters=[PARAMETER])
@idempotent
@knowing.arguments(schemas.HealthPersonalRangeBody)
@knowing.answer(201, schemas.HealthPersonalRangeView)
def set_range(body: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """Set between which values a quantity of this elder may lie, in place of an earlier range."""
    sides = {name: body.get(name) for name in ("low", "high", "scale")}
    told = Wanted(quantity=body["quantity"], until=body["until"], reason=body["reason"], **sides)
    return knowing_views.ranges([personal_range.put(g.actor, object_ids.read(elder_id), told)])[0]


@knowing.post("/elders/<elder_id>/ranges/<range_id>/end", access=ASSESS)
@knowing.answer(200, schemas.HealthPersonalRangeView)
def end_range(elder_id: str, range_id: str) -> dict[str, Any]:
    """End a personal range before its last day; the same again changes nothing."""
    found = personal_range.end(g.actor, object_ids.read(elder_id), object_ids.read(range_id))
    return knowing_views.ranges([found])[0]
