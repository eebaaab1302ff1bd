"""Wearables of an elder at the counter, and what they sampled."""

from typing import Any

from bson import ObjectId
from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.eldercare import device_schemas as schemas
from models.audit import access_line
from models.eldercare import bind_wearable, measuring_forms, sample_views, subject

PURPOSE = "health_care"
wearables = Surface("office health wearables", __name__, url_prefix="/office/v1/health", description="老人的穿戴设备")
READ, MEASURE = staff("health.read", PURPOSE), staff(bind_wearable.MEASURE, PURPOSE)


def _looked(elder_id: str, operation: str, field: str) -> ObjectId:
    """Return the elder whom the actor's unit cares for, after the access line is stored."""
    found = subject.in_reach(object_ids.read(elder_id), g.actor.units_for(operation))
    access_line.record(g.actor, purpose=PURPOSE, subjects=[subject.person_of(found)], fields=[field])
    return ObjectId(found["_id"])


@wearables.get("/elders/<elder_id>/wearables", access=READ)
@wearables.answer(200, measuring_forms.HealthWearingList)
def list_wearables(elder_id: str) -> dict[str, Any]:
    """What an elder wears and wore."""
    return {"items": bind_wearable.listed(_looked(elder_id, "health.read", "health.wearables")), "next": None}


@wearables.post("/elders/<elder_id>/wearables", access=MEASURE, parameters=[PARAMETER])
@idempotent
@wearables.arguments(schemas.HealthBindBody)
@wearables.answer(201, measuring_forms.HealthWearingView)
def bind(body: dict[str, str], elder_id: str) -> dict[str, Any]:
    """Let an elder wear a device from now on."""
    whose = _looked(elder_id, bind_wearable.MEASURE, "health.wearables")
    return bind_wearable.at_counter(g.actor, whose, body["device_id"])


@wearables.post("/elders/<elder_id>/wearables/<health_device_id>/end", access=MEASURE)
@wearables.answer(200, measuring_forms.HealthWearingView)
def end(elder_id: str, health_device_id: str) -> dict[str, Any]:
    """End a wearing; ending it again changes nothing."""
    whose = _looked(elder_id, bind_wearable.MEASURE, "health.wearables")
    return bind_wearable.end_at_counter(g.actor, whose, health_device_id)


@wearables.get("/elders/<elder_id>/samples", access=READ)
@wearables.arguments(measuring_forms.HealthSampleQuery, location="query")
@wearables.answer(200, measuring_forms.HealthSampleDayList)
def read_samples(query: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """What an elder's wearables sampled, by the hour and the day."""
    whose = _looked(elder_id, "health.read", "health.samples")
    return sample_views.days(whose, query["quantity"], query["first"], query["last"])
