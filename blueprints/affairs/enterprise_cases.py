"""A firm's cases: every member of the firm follows them; they are answered, withdrawn and appealed in its name."""

from typing import Any

from flask import Response, g

from backend.http.access import member
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.affairs import firm_case_schemas as schemas
from blueprints.affairs.item_schemas import ItemPageQuery
from models.affairs import applicant, case_views

cases = Surface("enterprise cases", __name__, url_prefix="/enterprise/v1/cases", description="企业事项")
MANAGING = member("owner", "manager", scope="matters")


@cases.get("", access=member(scope="matters"))
@cases.arguments(ItemPageQuery, location="query")
@cases.answer(200, schemas.FirmCaseList)
def list_cases(query: dict[str, Any]) -> dict[str, Any]:
    """The firm's cases, newest first."""
    items, following = case_views.of_firm(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@cases.get("/<case_id>", access=member(scope="matters"))
@cases.answer(200, schemas.FirmCase)
def read(case_id: str) -> dict[str, Any]:
    """One case with what was said and decided."""
    return case_views.for_applicant(g.actor, object_ids.read(case_id))


@cases.get("/<case_id>/files/<file_id>", access=member(scope="matters"))
@cases.response(200, content_type="application/octet-stream")
def download_file(case_id: str, file_id: str) -> Response:
    """A file of a case, as a download."""
    found = applicant.read_file(g.actor, object_ids.read(case_id), object_ids.read(file_id))
    return attachment(found.data, name=found.name, media_type=found.media_type)


@cases.post("/<case_id>/answer", access=member(scope="matters"), parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.FirmAnswerBody)
@cases.answer(200, schemas.FirmCaseBrief)
def answer(body: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Answer the question that the case waits for."""
    return case_views.brief(applicant.answer(g.actor, object_ids.read(case_id), body["text"], body["attachments"]))


@cases.post("/<case_id>/withdraw", access=MANAGING)
@cases.answer(200, schemas.FirmCaseBrief)
def withdraw(case_id: str) -> dict[str, Any]:
    """Withdraw a case that is not decided."""
    return case_views.brief(applicant.withdraw(g.actor, object_ids.read(case_id)))


@cases.post("/<case_id>/appeal", access=MANAGING, parameters=[PARAMETER])
@idempotent
@cases.arguments(schemas.FirmAppealBody)
@cases.answer(200, schemas.FirmCaseBrief)
def appeal(body: dict[str, str], case_id: str) -> dict[str, Any]:
    """Appeal against the decision, once."""
    return case_views.brief(applicant.appeal(g.actor, object_ids.read(case_id), body["text"]))
