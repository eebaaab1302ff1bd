"""Gates: registered and revoked by the system administrator."""

from base64 import b64decode
from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.identity import schemas
from models.places import device_office

devices = Surface("office devices", __name__, url_prefix="/office/v1", description="闸机登记")


@devices.post("/devices", access=staff("device.register"), parameters=[PARAMETER])
@idempotent
@devices.arguments(schemas.DeviceBody)
@devices.answer(201, schemas.DeviceView)
def register(body: dict[str, str]) -> dict[str, Any]:
    """Register a gate with its public key."""
    post = device_office.Post(body["place_id"], body["scanner_class"], body.get("unit", ""))
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


@devices.post("/devices/<device_id>/revoke", access=staff("device.revoke"))
@devices.response(204)
def revoke(device_id: str) -> None:
    """Refuse a gate from now on."""
    device_office.revoke(g.actor, device_id)
