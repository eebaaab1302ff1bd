"""Cases: the inbox of the staff and what they do with a case."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.affairs import schemas
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from models.affairs import attachments, case_views, decide, dispute, handle, privacy_request, staff_application, stop
from models.affairs.decide import Verdict

PURPOSE = "case_handling"
HANDLE = staff("case.handle")

cases = Surface("office cases", __name__, url_prefix="/office/v1/cases", description="事项办理")


@cases.get("/inbox", access=staff("case.inbox"))
@cases.arguments(schemas.InboxQuery, location="query")
@cases.answer(200, schemas.CaseList)
def inbox(query: dict[str, Any]) -> dict[str, Any]:
    """The work that waits at one's desks, what is due first at the top."""
    wanted = case_views.Filter(query["scope"], query.get("kind", ""), query.get("state", ""))
    items, following = case_views.inbox(g.actor, wanted, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@cases.post("", access=staff("case.open", "counter_service"), parameters=[PARAMETER, SESSION_PARAMETER])
@idempotent
@cases.arguments(schemas.CounterCaseBody)
@cases.answer(201, schemas.CaseBrief)
def open_at_counter(body: dict[str, str]) -> dict[str, Any]:
    """Open a case for whoever stands at one's counter, or for whom they may act."""
    here, text = standing_here(), body["text"]
    if body["kind"] == "fact_dispute":
        return case_views.brief(dispute.dispute_at_counter(g.actor, here, object_ids.read(body["fact_id"]), text))
    return case_views.brief(privacy_request.request_at_counter(g.actor, here, body["kind"], text))


@cases.get("/<case_id>", access=staff("case.read", PURPOSE))
@cases.answer(200, schemas.CaseView)
def read(case_id: str) -> dict[str, Any]:
    """A whole case with its history and decisions."""
    return case_views.for_staff(g.actor, object_ids.read(case_id), purpose=PURPOSE)


@cases.get("/<case_id>/files/<file_id>", access=staff("case.read", PURPOSE))
@cases.response(200, content_type="application/octet-stream")
def download_file(case_id: str, file_id: str) -> Response:
    """A file of a case, as a download."""
    found = attachments.for_staff(g.actor, object_ids.read(case_id), object_ids.read(file_id), purpose=PURPOSE)
    return attachment(found.data, name=found.name, media_type=found.media_type)


@cases.post("/<case_id>/claim", access=HANDLE)
@cases.answer(200, schemas.CaseBrief)
def claim(case_id: str) -> dict[str, Any]:
    """Take on the work; of two at once one gets it."""
    return _brief(handle.claim(g.actor, object_ids.read(case_id)))


@cases.post("/<case_id>/release", access=HANDLE)
@cases.answer(200, schemas.CaseBrief)
def release(case_id: str) -> dict[str, Any]:
    """Give the work back to the desk."""
    return _brief(handle.release(g.actor, object_ids.read(case_id)))


@cases.post("/<case_id>/assign", access=staff("case.assign"))
@cases.arguments(schemas.AssignBody)
@cases.answer(200, schemas.CaseBrief)
def assign(body: dict[str, str], case_id: str) -> dict[str, Any]:
    """Give the work to a colleague, also when somebody holds it."""
    return _brief(handle.assign(g.actor, object_ids.read(case_id), object_ids.read(body["staff_id"])))


@cases.post("/<case_id>/transfer", access=HANDLE)
@cases.arguments(schemas.TransferBody)
@cases.answer(200, schemas.CaseBrief)
def transfer(body: dict[str, str], case_id: str) -> dict[str, Any]:
    """Hand the work to another unit; its clocks go on."""
    return _brief(handle.transfer(g.actor, object_ids.read(case_id), body["unit"], body["reason"]))


@cases.post("/<case_id>/ask", access=HANDLE, parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.AskBody)
@cases.answer(200, schemas.CaseBrief)
def ask(body: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Ask the applicant, or once for what is missing; the clocks stand still until they answer."""
    return _brief(stop.ask(g.actor, object_ids.read(case_id), body["text"], supplement=body["supplement"]))


@cases.post("/<case_id>/pause", access=HANDLE, parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.PauseBody)
@cases.answer(200, schemas.CaseBrief)
def pause(body: dict[str, str], case_id: str) -> dict[str, Any]:
    """Stop the clocks for a reason that the law knows."""
    return _brief(stop.pause(g.actor, object_ids.read(case_id), body["reason"], body["text"]))


@cases.post("/<case_id>/resume", access=HANDLE)
@cases.answer(200, schemas.CaseBrief)
def resume(case_id: str) -> dict[str, Any]:
    """Let the clocks go on."""
    return _brief(stop.resume(g.actor, object_ids.read(case_id)))


@cases.post("/<case_id>/decide", access=HANDLE)
@cases.arguments(schemas.DecideBody)
@cases.answer(200, schemas.CaseBrief)
def decide_step(body: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Settle the step: on to the next one, or the decision with its reason."""
    verdict = Verdict(body["outcome"], body["reason"], body["rule"], tuple(body["attachments"]), body["value"])
    return _brief(decide.decide(g.actor, object_ids.read(case_id), verdict))


@cases.post("/<case_id>/correct", access=HANDLE, parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.CorrectBody)
@cases.answer(200, schemas.CaseBrief)
def correct(body: dict[str, str], case_id: str) -> dict[str, Any]:
    """Correct a slip in the decision's wording; the old wording stays beside it."""
    return _brief(decide.correct(g.actor, object_ids.read(case_id), body["reason"], body["rule"]))


@cases.post("/<case_id>/invitation", access=staff("staff.invite", PURPOSE), parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.InvitationBody)
@cases.answer(201, schemas.CaseInvitationView)
def invite(body: dict[str, str], case_id: str) -> dict[str, str]:
    """Make the account of an approved application; the link is shown this once."""
    made = staff_application.invite(g.actor, object_ids.read(case_id), body["login"])
    return {"id": str(made.member_id), "link": made.link, "until": case_views.wire(made.until)}


def _brief(found: dict[str, Any]) -> dict[str, Any]:
    return case_views.brief(found, g.actor)
