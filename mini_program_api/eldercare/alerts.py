"""Alerts on the phone, of oneself or of whom one acts for: read them, say that one is there, read the outcome."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.eldercare import alert_schemas as schemas
from models.eldercare import alert_answer, alert_own_views

alerts = Surface("health alerts", __name__, url_prefix="/mini/v1/health", description="健康提醒")
OWN = resident("matched", scope="health")


@alerts.get("/alerts", access=OWN)
@alerts.arguments(schemas.HealthOwnAlertQuery, location="query")
@alerts.answer(200, schemas.HealthOwnAlertList)
def list_alerts(query: dict[str, Any]) -> dict[str, Any]:
    """The alerts of oneself, or of whom one acts for, the newest first."""
    items, following = alert_own_views.listed(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@alerts.get("/alerts/<alert_id>", access=OWN)
@alerts.answer(200, schemas.HealthOwnAlertWhole)
def read_alert(alert_id: str) -> dict[str, Any]:
    """One alert with what happened."""
    return alert_own_views.one(g.actor, object_ids.read(alert_id))


@alerts.post("/alerts/<alert_id>/answer", access=OWN)
@alerts.arguments(schemas.HealthOwnAlertAnswerBody)
@alerts.answer(200, schemas.HealthOwnAlertWhole)
def answer(body: dict[str, str], alert_id: str) -> dict[str, Any]:
    """Say that one is there, that 120 is called, that one cannot come, or how one feels."""
    found = alert_answer.answer(g.actor, object_ids.read(alert_id), body["answer"])
    return alert_own_views.whole(g.actor, found)
