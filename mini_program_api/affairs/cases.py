"""A resident's cases: opening them, following them, answering, withdrawing, appealing."""

from typing import Any

from flask import Response, g

from backend.http.access import resident
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.affairs import schemas
from models.affairs import access_question, applicant, case_views, dispute, privacy_request, staff_application

cases = Surface("cases", __name__, url_prefix="/mini/v1", description="我的事项")
OWN = resident(scope="affairs")


@cases.get("/cases", access=OWN)
@cases.arguments(schemas.CasePageQuery, location="query")
@cases.answer(200, schemas.OwnCaseList)
def list_cases(query: dict[str, Any]) -> dict[str, Any]:
    """One's cases, newest first."""
    items, following = case_views.of_resident(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@cases.get("/cases/<case_id>", access=OWN)
@cases.answer(200, schemas.OwnCase)
def read(case_id: str) -> dict[str, Any]:
    """One case with what was said and decided."""
    return case_views.for_applicant(g.actor, object_ids.read(case_id))


@cases.get("/cases/<case_id>/files/<file_id>", access=OWN)
@cases.response(200, content_type="application/octet-stream")
def download_file(case_id: str, file_id: str) -> Response:
    """A file of one's case, as a download."""
    found = applicant.read_file(g.actor, object_ids.read(case_id), object_ids.read(file_id))
    return attachment(found.data, name=found.name, media_type=found.media_type)


@cases.post("/cases/<case_id>/withdraw", access=OWN)
@cases.answer(200, schemas.OwnCaseBrief)
def withdraw(case_id: str) -> dict[str, Any]:
    """Withdraw a case that is not decided."""
    return case_views.brief(applicant.withdraw(g.actor, object_ids.read(case_id)))


@cases.post("/cases/<case_id>/answer", access=OWN, parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.AnswerBody)
@cases.answer(200, schemas.OwnCaseBrief)
def answer(body: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Answer the question that the case waits for."""
    return case_views.brief(applicant.answer(g.actor, object_ids.read(case_id), body["text"], body["attachments"]))


@cases.post("/cases/<case_id>/appeal", access=OWN, parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.AppealBody)
@cases.answer(200, schemas.OwnCaseBrief)
def appeal(body: dict[str, str], case_id: str) -> dict[str, Any]:
    """Appeal against the decision, once."""
    return case_views.brief(applicant.appeal(g.actor, object_ids.read(case_id), body["text"]))


@cases.post("/facts/<fact_id>/dispute", access=resident("matched", scope="affairs"), parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.DisputeBody)
@cases.answer(201, schemas.OwnCaseBrief)
def dispute_fact(body: dict[str, str], fact_id: str) -> dict[str, Any]:
    """Say that a fact about oneself is wrong; the unit of its source looks into it."""
    return case_views.brief(dispute.dispute(g.actor, object_ids.read(fact_id), body["text"]))


@cases.post("/access-lines/<line_id>/question", access=resident("matched"), parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.QuestionBody)
@cases.answer(201, schemas.OwnCaseBrief)
def question(body: dict[str, str], line_id: str) -> dict[str, Any]:
    """Ask why somebody looked at one's data."""
    return case_views.brief(access_question.ask(g.actor, object_ids.read(line_id), body["text"]))


@cases.post("/privacy-requests", access=resident(), parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.PrivacyRequestBody)
@cases.answer(201, schemas.OwnCaseBrief)
def request_privacy(body: dict[str, str]) -> dict[str, Any]:
    """Ask for a copy, a correction, a deletion, an explanation, or the end of the account."""
    return case_views.brief(privacy_request.request(g.actor, body["kind"], body["text"]))


@cases.post("/staff-applications", access=resident("matched"), parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.StaffApplicationBody)
@cases.answer(201, schemas.OwnCaseBrief)
def apply_for_staff(body: dict[str, str]) -> dict[str, Any]:
    """Ask for an account as a member of the staff."""
    wish = staff_application.Wish(body["unit"], body["role"], body["area"])
    return case_views.brief(staff_application.apply(g.actor, wish, body["reason"]))
