"""Wearables of oneself or of whom one cares for, what they sampled, and measurements by hand."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent, key_and_body
from backend.http.limits import strictly
from backend.http.surface import Surface
from mini_program_api.eldercare import measuring_schemas as schemas
from models.eldercare import bind_wearable, codes, measuring_forms, own_measure, sample_views, subject
from models.eldercare.observation import FLAG_ZH

wearables = Surface("health wearables", __name__, url_prefix="/mini/v1/health", description="穿戴设备和自测")
ACCESS = resident("matched", scope="health")
CLAIM_LIMIT = "10/hour"
"""So that nobody tries the codes of boxes that they do not have."""


@wearables.get("/wearables", access=ACCESS)
@wearables.answer(200, measuring_forms.HealthWearingList)
def list_own_wearables() -> dict[str, Any]:
    """What one wears and wore."""
    return {"items": bind_wearable.of_resident(g.actor), "next": None}


@wearables.post("/wearables", access=ACCESS, parameters=[PARAMETER])
@idempotent
@wearables.arguments(schemas.HealthClaimBody)
@wearables.answer(201, measuring_forms.HealthWearingView)
def claim(body: dict[str, str]) -> dict[str, Any]:
    """Wear a device from now on, by the code in its box."""
    strictly(CLAIM_LIMIT, "health-wearables", str(g.actor.account_id))
    return bind_wearable.by_phone(g.actor, body["device_id"], body["code"])


@wearables.post("/wearables/<health_device_id>/end", access=ACCESS)
@wearables.answer(200, measuring_forms.HealthWearingView)
def end_own(health_device_id: str) -> dict[str, Any]:
    """Wear it no more; ending it again changes nothing."""
    return bind_wearable.end_by_phone(g.actor, health_device_id)


@wearables.get("/samples", access=ACCESS)
@wearables.arguments(measuring_forms.HealthSampleQuery, location="query")
@wearables.answer(200, measuring_forms.HealthSampleDayList)
def read_own_samples(query: dict[str, Any]) -> dict[str, Any]:
    """What one's wearables sampled, by the hour and the day."""
    whose = subject.of_person(g.actor.subject_id, {"_id": 1})
    return sample_views.days(whose["_id"] if whose else None, query["quantity"], query["first"], query["last"])


@wearables.post("/measurements", access=ACCESS, parameters=[PARAMETER])
@idempotent
@wearables.arguments(schemas.HealthMeasurementBody)
@wearables.answer(201, schemas.HealthMeasurementView)
def enter_measurement(body: dict[str, Any]) -> dict[str, Any]:
    """Enter what was measured at home."""
    values = {one["quantity"]: (one["value"], one["unit"]) for one in body["values"]}
    key, _ = key_and_body()
    kept = own_measure.enter(g.actor, body["code"], values, at=body["at"], key=key)
    return {
        "id": str(kept["_id"]),
        "code": kept["code"],
        "code_zh": codes.zh(kept["code"]),
        "values": kept["values"],
        "at": clock.civil(kept["at"]).isoformat(timespec="seconds"),
        "flags": [{"code": one, "zh": FLAG_ZH[one]} for one in kept["flags"]],
    }
