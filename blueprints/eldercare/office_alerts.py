"""Alerts for staff: the list by urgency, acknowledge, act, outcome; and the work list of the day."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.eldercare import alert_schemas as schemas
from models.eldercare import alert_close, alert_handle, alert_views, work_views
from models.eldercare.alert_views import PURPOSE

alerts = Surface("office health alerts", __name__, url_prefix="/office/v1/health", description="健康提醒处置")
ALERT = staff("health.alert", PURPOSE)


@alerts.get("/work", access=staff("health.work", PURPOSE))
@alerts.answer(200, schemas.HealthWorkView)
def read_work() -> dict[str, Any]:
    """The work of the day: live alerts by urgency, and what is due for one's elders."""
    return work_views.today(g.actor)


@alerts.get("/alerts", access=ALERT)
@alerts.arguments(schemas.HealthAlertQuery, location="query")
@alerts.answer(200, schemas.HealthAlertList)
def list_alerts(query: dict[str, Any]) -> dict[str, Any]:
    """The live alerts of one's elders, the most overdue first."""
    items, following = alert_views.listed(
        g.actor, scope=query["scope"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@alerts.get("/elders/<elder_id>/alerts", access=ALERT)
@alerts.arguments(schemas.HealthAlertPageQuery, location="query")
@alerts.answer(200, schemas.HealthAlertList)
def list_of_elder(query: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """All alerts of one elder, the newest first."""
    items, following = alert_views.of_elder(
        g.actor, object_ids.read(elder_id), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@alerts.get("/alerts/<alert_id>", access=ALERT)
@alerts.answer(200, schemas.HealthAlertWhole)
def read_alert(alert_id: str) -> dict[str, Any]:
    """One alert with everything that happened."""
    return alert_views.one(g.actor, object_ids.read(alert_id))


@alerts.post("/alerts/<alert_id>/acknowledge", access=ALERT)
@alerts.answer(200, schemas.HealthAlertWhole)
def acknowledge(alert_id: str) -> dict[str, Any]:
    """Take an alert up; of two at once one gets it."""
    return alert_views.whole(g.actor, alert_handle.acknowledge(g.actor, object_ids.read(alert_id)))


@alerts.post("/alerts/<alert_id>/acts", access=ALERT, parameters=[PARAMETER])
@idempotent
@alerts.arguments(schemas.HealthAlertActBody)
@alerts.answer(200, schemas.HealthAlertWhole)
def act(body: dict[str, str], alert_id: str) -> dict[str, Any]:
    """Note what one did; who acts on what nobody took up takes it up."""
    found = alert_handle.act(g.actor, object_ids.read(alert_id), body["kind"], note=body["note"])
    return alert_views.whole(g.actor, found)


@alerts.post("/alerts/<alert_id>/notes", access=ALERT, parameters=[PARAMETER])
@idempotent
@alerts.arguments(schemas.HealthAlertNoteBody)
@alerts.answer(200, schemas.HealthAlertWhole)
def add_note(body: dict[str, str], alert_id: str) -> dict[str, Any]:
    """Add a note, to an alert that is over as well."""
    return alert_views.whole(g.actor, alert_handle.add_note(g.actor, object_ids.read(alert_id), body["note"]))


@alerts.post("/alerts/<alert_id>/outcome", access=ALERT)
@alerts.arguments(schemas.HealthAlertOutcomeBody)
@alerts.answer(200, schemas.HealthAlertWhole)
def close(body: dict[str, Any], alert_id: str) -> dict[str, Any]:
    """Enter how it ended; what was left to be done comes onto the work list."""
    found = alert_close.close(
        g.actor, object_ids.read(alert_id), body["outcome"], note=body["note"], confirmed=body["confirmed"]
    )
    return alert_views.whole(g.actor, found)


@alerts.post("/alerts/<alert_id>/outcome/correct", access=ALERT, parameters=[PARAMETER])
@idempotent
@alerts.arguments(schemas.HealthAlertCorrectBody)
@alerts.answer(200, schemas.HealthAlertWhole)
def correct(body: dict[str, Any], alert_id: str) -> dict[str, Any]:
    """Correct an outcome that was entered wrongly; what was said before stays among the events."""
    found = alert_close.correct(g.actor, object_ids.read(alert_id), body["outcome"], seq=body["seq"], note=body["note"])
    return alert_views.whole(g.actor, found)


@alerts.post("/alerts/<alert_id>/after", access=ALERT, parameters=[PARAMETER])
@idempotent
@alerts.arguments(schemas.HealthAlertAfterBody)
@alerts.answer(200, schemas.HealthAlertWhole)
def finish_after(body: dict[str, str], alert_id: str) -> dict[str, Any]:
    """Say that what the outcome left to be done is done."""
    return alert_views.whole(g.actor, alert_close.finish_after(g.actor, object_ids.read(alert_id), note=body["note"]))
