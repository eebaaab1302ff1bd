"""The gates of a place: registered, listed and revoked by staff."""

from typing import Any

from backend import clock
from backend.errors import NotFound
from backend.store import paging
from models.audit import entry
from models.identity import device
from models.identity.actors import Staff
from models.tourism import scope


def register(actor: Staff, device_id: str, *, name: str, place: str, public_key: bytes) -> dict[str, Any]:
    """Register a gate at a place with its raw Ed25519 public key (32 bytes).

    Raises:
        NotFound: no such place in the actor's scope.
        DeviceKnown: the id is taken.
    """
    _audit(actor, "device.register", device_id, place)
    return _shown(device.register(actor.key, device_id, name=name, place=place, public_key=public_key))


def revoke(actor: Staff, device_id: str) -> None:
    """Refuse a gate from now on; repeating it changes nothing.

    Raises:
        NotFound: no such device in the actor's scope.
    """
    actor.require("device.revoke")
    found = device.Device._get_collection().find_one({"_id": device_id}, {"place": 1})
    if found is None:
        raise NotFound
    _audit(actor, "device.revoke", device_id, found["place"])
    device.revoke(device_id)


def _audit(actor: Staff, operation: str, device_id: str, place_id: str) -> None:
    unit = scope.place(actor, operation, place_id).get("unit") or ""
    entry.write(entry.line(actor.key, operation, f"device:{device_id}", unit=unit, place=place_id))


def listed(actor: Staff, place_id: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the gates of a place.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    scope.place(actor, "device.list", place_id)
    query, collection = {"place": place_id}, device.Device._get_collection()
    found, following = paging.page(collection, query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [_shown(one) for one in found], following


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["_id"],
        "name": found["name"],
        "place_id": found["place"],
        "state": found["state"],
        "registered_by": found["registered_by"],
        "registered_at": clock.civil(found["registered_at"]).isoformat(timespec="seconds"),
    }
