"""Measuring devices: registered, calibrated, listed and retired by the health commission."""

from base64 import b64decode
from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.eldercare import device_schemas as schemas
from models.eldercare import measuring_office as rules
from models.eldercare.measuring_office import OPERATION, Calibrated, Plate

devices = Surface("office health devices", __name__, url_prefix="/office/v1/health", description="健康测量设备")
ACCESS = staff(OPERATION)


@devices.post("/devices", access=ACCESS, parameters=[PARAMETER])
@idempotent
@devices.arguments(schemas.HealthDeviceBody)
@devices.answer(201, schemas.HealthDeviceView)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Register a kiosk or a wearable with its public key."""
    plate = Plate(**{name: body[name] for name in ("kind", "name", "maker", "model", "unit", "claim")})
    calibrated = Calibrated(**body["calibration"]) if body["calibration"] else None
    key = b64decode(body["public_key"])
    return rules.register(g.actor, body["id"], plate, public_key=key, calibrated=calibrated)


@devices.get("/devices", access=ACCESS)
@devices.arguments(schemas.HealthDeviceQuery, location="query")
@devices.answer(200, schemas.HealthDeviceList)
def list_health_devices(query: dict[str, Any]) -> dict[str, Any]:
    """The devices in use, those whose calibration ends first before the others."""
    items, following = rules.listed(
        g.actor,
        unit_code=query["unit"],
        overdue=query["overdue"],
        cursor=query.get("cursor"),
        limit=query["limit"],
    )
    return {"items": items, "next": following}


@devices.get("/devices/<health_device_id>", access=ACCESS)
@devices.answer(200, schemas.HealthDeviceView)
def read_health_device(health_device_id: str) -> dict[str, Any]:
    """One device with its calibrations."""
    return rules.read(g.actor, health_device_id)


@devices.post("/devices/<health_device_id>/calibrations", access=ACCESS, parameters=[PARAMETER])
@idempotent
@devices.arguments(schemas.HealthCalibrationBody)
@devices.answer(200, schemas.HealthDeviceView)
def calibrate(body: dict[str, Any], health_device_id: str) -> dict[str, Any]:
    """Add a calibration."""
    return rules.calibrate(g.actor, health_device_id, Calibrated(**body))


@devices.post("/devices/<health_device_id>/retire", access=ACCESS)
@devices.response(204)
def retire(health_device_id: str) -> None:
    """Refuse a device from now on; what it measured stays."""
    rules.retire(g.actor, health_device_id)
