"""Duty rosters, who is on duty now, and what alerts ask of people."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.eldercare import alert_schemas as schemas
from models.eldercare import duty_roster, duty_views
from models.eldercare.duty_roster import Duty

duty = Surface("office health duty", __name__, url_prefix="/office/v1/health", description="健康值班和负荷")
ROSTER = staff("health.roster")


@duty.put("/roster", access=ROSTER)
@duty.arguments(schemas.HealthRosterBody)
@duty.answer(200, schemas.HealthRosterPut)
def put_roster(body: dict[str, Any]) -> dict[str, Any]:
    """Put the duties of a unit, all or none; the same again changes nothing."""
    duties = [Duty(one["login"], one["level"], one["begins"], one["until"]) for one in body["duties"]]
    return {"unit": body["unit"], "changed": duty_roster.put(g.actor, body["unit"], duties)}


@duty.get("/roster", access=ROSTER)
@duty.arguments(schemas.HealthRosterQuery, location="query")
@duty.answer(200, schemas.HealthDutyList)
def read_roster(query: dict[str, Any]) -> dict[str, Any]:
    """The duties of a unit that are not over, by their end."""
    items, following = duty_views.roster(g.actor, query["unit"], cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@duty.delete("/roster/<duty_id>", access=ROSTER)
@duty.answer(200, schemas.HealthDutyView)
def call_off(duty_id: str) -> dict[str, Any]:
    """Call off a duty; it stays in the books."""
    found = duty_roster.call_off(g.actor, duty_id)
    return duty_views.one_shown(found, duty_views.login_of(found["staff"]))


@duty.get("/on-duty", access=staff("health.alert"))
@duty.answer(200, schemas.HealthDutyList)
def read_on_duty() -> dict[str, Any]:
    """Who is on duty at this moment for one's units."""
    return {"items": duty_views.now_on_duty(g.actor), "next": None}


@duty.get("/load", access=staff("health.report"))
@duty.arguments(schemas.HealthAlertLoadQuery, location="query")
@duty.answer(200, schemas.HealthAlertLoadList)
def read_load(query: dict[str, Any]) -> dict[str, Any]:
    """What alerts asked of a unit, shift by shift: how many a person, and how long they waited."""
    return {"items": duty_views.load(g.actor, query["unit"], query["first"], query["last"]), "next": None}
