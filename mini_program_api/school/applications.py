"""Applying for one's children: begin, save, look, submit, correct, withdraw. Who is first has no advantage."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.school import schemas_applications as schemas
from models.school import application_views, applying, correct, draft, precheck, submit, withdraw
from models.school.apply_forms import SchoolFormPutBody, SchoolSeqBody
from models.school.applying import Applying

applications = Surface("school applications", __name__, url_prefix="/mini/v1/school", description="入学申请")
OWN = resident("matched")


def acting() -> Applying:
    """Return the resident who asks, as a guardian."""
    return applying.by(g.actor)


@applications.post("/applications", access=OWN, parameters=[PARAMETER])
@idempotent
@applications.arguments(schemas.SchoolBeginBody)
@applications.answer(201, schemas.SchoolApplicationView)
def begin_application(body: dict[str, str]) -> dict[str, Any]:
    """Begin an application for one's child; where the child has one in the round, that one."""
    who = acting()
    if body["relation_id"]:
        child = applying.child_of_relation(who, object_ids.read(body["relation_id"]))
    else:
        child = draft.child_of_companion(g.actor, body["companion_id"])
    return application_views.one(who, draft.begin(who, body["round"], child)["_id"])


@applications.get("/applications", access=OWN)
@applications.answer(200, schemas.SchoolApplicationList)
def list_applications() -> dict[str, Any]:
    """The applications for one's children, newest first."""
    return {"items": application_views.of_resident(acting()), "next": None}


@applications.get("/applications/<application_id>", access=OWN)
@applications.answer(200, schemas.SchoolApplicationView)
def read_application(application_id: str) -> dict[str, Any]:
    """One application whole: form, papers, how far each check is, what one may do."""
    return application_views.one(acting(), object_ids.read(application_id))


@applications.put("/applications/<application_id>/form", access=OWN)
@applications.arguments(SchoolFormPutBody)
@applications.answer(200, schemas.SchoolApplicationView)
def save_form(body: dict[str, Any], application_id: str) -> dict[str, Any]:
    """Save the whole form; one that was changed meanwhile is not overwritten."""
    who, wanted = acting(), object_ids.read(application_id)
    draft.save(who, wanted, body["form"], body["seq"])
    return application_views.one(who, wanted)


@applications.post("/applications/<application_id>/precheck", access=OWN)
@applications.answer(200, schemas.SchoolPrecheckView)
def check_before(application_id: str) -> dict[str, Any]:
    """What would come out if one submitted now, in words; nothing is stored."""
    return precheck.of(acting(), object_ids.read(application_id))


@applications.post("/applications/<application_id>/submit", access=OWN)
@applications.arguments(SchoolSeqBody)
@applications.answer(200, schemas.SchoolReceiptView)
def submit_application(body: dict[str, int], application_id: str) -> dict[str, Any]:
    """Submit an application as one saw it; the same again is the same receipt."""
    return application_views.receipt(submit.submit(acting(), object_ids.read(application_id), body["seq"]))


@applications.post("/applications/<application_id>/correct", access=OWN)
@applications.arguments(SchoolSeqBody)
@applications.answer(200, schemas.SchoolApplicationView)
def take_back(body: dict[str, int], application_id: str) -> dict[str, Any]:
    """Take back what was submitted to correct it, while the window is open."""
    who, wanted = acting(), object_ids.read(application_id)
    correct.correct(who, wanted, body["seq"])
    return application_views.one(who, wanted)


@applications.post("/applications/<application_id>/withdraw", access=OWN)
@applications.arguments(SchoolSeqBody)
@applications.answer(200, schemas.SchoolApplicationView)
def withdraw_application(body: dict[str, int], application_id: str) -> dict[str, Any]:
    """Withdraw an application, until the list is frozen."""
    who, wanted = acting(), object_ids.read(application_id)
    withdraw.withdraw(who, wanted, body["seq"])
    return application_views.one(who, wanted)
