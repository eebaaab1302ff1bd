"""Gates: registered and revoked by the system administrator."""

from base64 import b64decode
from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.identity import schemas
from models.identity.device import Duty
from models.places import device_office

devices = Surface("office devices", __name__, url_prefix="/office/v1", description="闸机登记")


@devices.post("/devices", access=staff("device.register"), parameters=[PARAMETER])
@idempotent
@devices.arguments(schemas.DeviceBody)
@devices.answer(201, schemas.DeviceView)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Register a gate with its public key."""
    post = device_office.Post(body["place_id"], body["scanner_class"], body.get("unit", ""), _duty(body))
    return device_office.register(
        g.actor, body["id"], post, name=body["name"], public_key=b64decode(body["public_key"])
    )


@devices.get("/devices", access=staff("device.list"))
@devices.arguments(schemas.DeviceQuery, location="query")
@devices.answer(200, schemas.DeviceList)
def list_devices(query: dict[str, Any]) -> dict[str, Any]:
    """The gates of a place."""
    items, following = device_office.listed(
        g.actor, query["place_id"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@devices.put("/devices/<device_id>/post", access=staff("device.register"))
@devices.arguments(schemas.DutyBody)
@devices.answer(200, schemas.DeviceView)
def move(body: dict[str, Any], device_id: str) -> dict[str, Any]:
    """Give a gate another zone, direction or capability."""
    return device_office.move(g.actor, device_id, _duty(body))


def _duty(body: dict[str, Any]) -> Duty:
    return Duty(**{name: body[name] for name in ("zone", "direction", "reads_documents", "signs_entries")})


@devices.post("/devices/<device_id>/revoke", access=staff("device.revoke"))
@devices.response(204)
def revoke(device_id: str) -> None:
    """Refuse a gate from now on."""
    device_office.revoke(g.actor, device_id)
