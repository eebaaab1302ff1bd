"""Schools and their places in a round, in the hands of the bureau."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.school import schemas
from models.school import round as rounds
from models.school import round_views, school, seat_plan

office_schools = Surface(
    "office schools", __name__, url_prefix="/office/v1/school", description="学校名录与招生计划"
)  # fmt: skip


@office_schools.get("/schools", access=staff("school.read"))
@office_schools.arguments(schemas.SchoolQuery, location="query")
@office_schools.answer(200, schemas.OfficeSchoolList)
def list_schools(query: dict[str, Any]) -> dict[str, Any]:
    """All schools, of one stage where it is named."""
    return {"items": [round_views.school_office(one) for one in school.listed(query["stage"])], "next": None}


@office_schools.post("/schools", access=staff("school.plan"), parameters=[PARAMETER])
@idempotent
@office_schools.arguments(schemas.SchoolBody)
@office_schools.answer(201, schemas.OfficeSchoolView)
def create_school(body: dict[str, Any]) -> dict[str, Any]:
    """Enter a school."""
    return round_views.school_office(school.create(g.actor, body.pop("id"), body))


@office_schools.get("/schools/<school_id>", access=staff("school.read"))
@office_schools.answer(200, schemas.OfficeSchoolView)
def read_school(school_id: str) -> dict[str, Any]:
    """A school."""
    return round_views.school_office(school.read(school_id))


@office_schools.put("/schools/<school_id>", access=staff("school.plan"))
@office_schools.arguments(schemas.SchoolChangeBody)
@office_schools.answer(200, schemas.OfficeSchoolView)
def change_school(body: dict[str, Any], school_id: str) -> dict[str, Any]:
    """Change what is said about a school, or close it for enrolment."""
    return round_views.school_office(school.change(g.actor, school_id, body))


@office_schools.get("/rounds/<round_id>/plans", access=staff("school.read"))
@office_schools.answer(200, schemas.SeatPlanList)
def list_plans(round_id: str) -> dict[str, Any]:
    """The plans of a round, with those of their reserves and how many places are taken."""
    return {"items": round_views.plans(round_id, rounds.read(round_id)["stage"]), "next": None}


@office_schools.put("/rounds/<round_id>/plans/<school_id>", access=staff("school.plan"))
@office_schools.arguments(schemas.SeatPlanBody)
@office_schools.answer(200, schemas.SeatPlanView)
def put_plan(body: dict[str, Any], round_id: str, school_id: str) -> dict[str, Any]:
    """Set how many places a school has in a round, until its list is frozen."""
    found = seat_plan.put(g.actor, round_id, school_id, body)
    notes = seat_plan.warnings([found], rounds.read(round_id)["stage"])
    return round_views.plan_shown(found, school.read(school_id), notes.get(school_id, ""))


@office_schools.delete("/rounds/<round_id>/plans/<school_id>", access=staff("school.plan"))
@office_schools.response(204)
def drop_plan(round_id: str, school_id: str) -> None:
    """Take a school out of a round that was not announced."""
    seat_plan.drop(g.actor, round_id, school_id)
