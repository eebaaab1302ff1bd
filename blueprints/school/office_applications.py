"""Applications for staff: the bureau and the schools read them; a clerk enters one for who stands at the counter."""

from typing import Any

from flask import Response, g

from backend.errors import NotFound
from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from blueprints.school import application_schemas as schemas
from models.identity.counter import NotStandingHere
from models.school import application, application_office_views, applying, counter_views, draft, submit, withdraw
from models.school.application_forms import SchoolReceiptBrief
from models.school.apply_forms import SchoolSeqBody
from models.school.applying import Applying
from models.school.precheck_forms import SchoolPrecheckBrief

READ = staff("school.applications", application_office_views.PURPOSE)
SERVE = staff("school.serve", counter_views.PURPOSE)
HERE = [SESSION_PARAMETER]

applications = Surface(
    "office school applications", __name__, url_prefix="/office/v1/school", description="入学申请与窗口受理"
)


def _served(application_id: str) -> Applying:
    """Return the guardian at the counter, for the child of an application.

    Raises:
        CounterSessionOver: nobody stands there.
        NotFound: no such application, or not of a child of theirs.
    """
    standing_here()
    child = application.read(object_ids.read(application_id))["child"]
    try:
        here = standing_here(child)
    except NotStandingHere:
        raise NotFound from None
    return applying.at_counter(g.actor, here)


@applications.get("/applications", access=READ)
@applications.arguments(schemas.OfficeApplicationQuery, location="query")
@applications.answer(200, schemas.OfficeApplicationList)
def list_submitted(query: dict[str, Any]) -> dict[str, Any]:
    """The applications of a round that name one's school; the bureau sees all. Drafts are the families' own."""
    items, following = application_office_views.listed(
        g.actor,
        query["round"],
        state=query.get("state"),
        school_code=query.get("school"),
        cursor=query.get("cursor"),
        limit=query["limit"],
    )
    return {"items": items, "next": following}


@applications.get("/applications/<application_id>", access=READ)
@applications.answer(200, schemas.OfficeApplicationView)
def read_submitted(application_id: str) -> dict[str, Any]:
    """One application; what the family wrote of a child below fourteen needs an approval."""
    return application_office_views.one(g.actor, object_ids.read(application_id))


@applications.get("/applications/<application_id>/files/<file_id>", access=READ)
@applications.response(200, content_type="application/octet-stream")
def download_submitted(application_id: str, file_id: str) -> Response:
    """A paper of an application, as a download."""
    found = application_office_views.read_file(g.actor, object_ids.read(application_id), object_ids.read(file_id))
    return attachment(found.data, name=found.name, media_type=found.media_type)


@applications.post("/counter/applications", access=SERVE, parameters=[PARAMETER, *HERE])
@idempotent
@applications.arguments(schemas.CounterApplyBody)
@applications.answer(201, schemas.CounterApplicationView)
def begin_at_counter(body: dict[str, str]) -> dict[str, Any]:
    """Begin an application for a child whose guardian stands here; where there is one, that one."""
    child = object_ids.read(body["person_id"])
    who = applying.at_counter(g.actor, standing_here(child))
    found = draft.begin(who, body["round"], child, text_version=body["text_version"])
    return counter_views.one(who, found["_id"])


@applications.get("/counter/applications/<application_id>", access=SERVE, parameters=HERE)
@applications.answer(200, schemas.CounterApplicationView)
def read_at_counter(application_id: str) -> dict[str, Any]:
    """The application of the guardian who stands here."""
    return counter_views.one(_served(application_id), object_ids.read(application_id))


@applications.put("/counter/applications/<application_id>/form", access=SERVE, parameters=HERE)
@applications.arguments(schemas.CounterFormBody)
@applications.answer(200, schemas.CounterApplicationView)
def save_at_counter(body: dict[str, Any], application_id: str) -> dict[str, Any]:
    """Save the whole form as the guardian says it; one that was changed meanwhile is not overwritten."""
    who, wanted = _served(application_id), object_ids.read(application_id)
    draft.save(who, wanted, body["form"], body["seq"])
    return counter_views.one(who, wanted)


@applications.post("/counter/applications/<application_id>/precheck", access=SERVE, parameters=HERE)
@applications.answer(200, SchoolPrecheckBrief)
def check_at_counter(application_id: str) -> dict[str, Any]:
    """What would come out if the guardian submitted now; nothing is stored."""
    return counter_views.prechecked(_served(application_id), object_ids.read(application_id))


@applications.post("/counter/applications/<application_id>/submit", access=SERVE, parameters=HERE)
@applications.arguments(SchoolSeqBody)
@applications.answer(200, SchoolReceiptBrief)
def submit_at_counter(body: dict[str, int], application_id: str) -> dict[str, Any]:
    """Submit for the guardian who stands here, by the same rules; the same again is the same receipt."""
    who = _served(application_id)
    return counter_views.receipt(who, submit.submit(who, object_ids.read(application_id), body["seq"]))


@applications.post("/counter/applications/<application_id>/withdraw", access=SERVE, parameters=HERE)
@applications.arguments(SchoolSeqBody)
@applications.answer(200, schemas.CounterApplicationView)
def withdraw_at_counter(body: dict[str, int], application_id: str) -> dict[str, Any]:
    """Withdraw for the guardian who stands here, until the list is frozen."""
    who, wanted = _served(application_id), object_ids.read(application_id)
    withdraw.withdraw(who, wanted, body["seq"])
    return counter_views.one(who, wanted)
