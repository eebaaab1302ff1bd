"""The scanners of places and operators: registered, listed and revoked by staff.

A gate of a scenic place is answered for by the place's unit; any other scanner names the unit that does.
"""

from dataclasses import dataclass
from typing import Any

from backend import clock
from backend.errors import NotFound, Unprocessable
from backend.store import paging
from models.audit import entry
from models.identity import device, unit
from models.identity.actors import Staff
from models.places import scope


@dataclass(frozen=True)
class Post:
    """Where a device serves: place or operator, what it reads, and the unit that answers for it."""

    place: str
    scanner_class: str = "venue"
    unit: str = ""


class UnitMissing(Unprocessable):
    """422: a scanner outside scenic places names no unit."""

    code = "device_unit_missing"
    zh = "请填写负责该终端的单位。"
    en = "Name the unit that answers for this scanner."

    def __init__(self) -> None:
        super().__init__(fields={"unit": [self.zh]})


def register(actor: Staff, device_id: str, post: Post, *, name: str, public_key: bytes) -> dict[str, Any]:
    """Register a scanner at its post with its raw Ed25519 public key (32 bytes).

    Raises:
        NotFound: no such place or unit in the actor's scope.
        UnitMissing: the post is no scenic place and names no unit.
        DeviceKnown: the id is taken.
    """
    owner, area = _answering(actor, "device.register", post)
    _audit(actor, "device.register", device_id, unit=owner, place=post.place, scanner_class=post.scanner_class)
    made = device.register(
        actor.key,
        device_id,
        name=name,
        place=post.place,
        public_key=public_key,
        scanner_class=post.scanner_class,
        unit=owner,
        area=area,
    )
    return _shown(made)


def revoke(actor: Staff, device_id: str) -> None:
    """Refuse a scanner from now on; repeating it changes nothing.

    Raises:
        NotFound: no such device in the actor's scope.
    """
    actor.require("device.revoke")
    found = device.Device._get_collection().find_one({"_id": device_id})
    if found is None:
        raise NotFound
    owner = _owner(actor, "device.revoke", found)
    _audit(actor, "device.revoke", device_id, unit=owner, place=found["place"])
    device.revoke(device_id)


def _answering(actor: Staff, operation: str, post: Post) -> tuple[str, str]:
    """Return unit and area that answer for a post."""
    if post.scanner_class == "venue":
        found = scope.place(actor, operation, post.place)
        return found.get("unit") or "", scope.area(found)
    if not post.unit:
        raise UnitMissing
    area = unit.read(post.unit).get("area") or ""
    if not actor.covers(operation, unit=post.unit, area=area):
        raise NotFound
    return post.unit, area


def _owner(actor: Staff, operation: str, found: dict[str, Any]) -> str:
    """Return the unit of a scanner that the operation reaches: a gate's by its place, which may change hands."""
    if found["scanner_class"] == "venue":
        return scope.place(actor, operation, found["place"]).get("unit") or ""
    if not actor.covers(operation, unit=found["unit"], area=found.get("area") or ""):
        raise NotFound
    return found["unit"]


def _audit(actor: Staff, operation: str, device_id: str, *, unit: str, **details: str) -> None:
    entry.write(entry.line(actor.key, operation, f"device:{device_id}", unit=unit, **details))


def listed(actor: Staff, place_id: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the scanners of a place or operator: its gates, and those of units in the actor's scope.

    Raises:
        NotFound: nothing of that name in the actor's scope.
    """
    collection = device.Device._get_collection()
    reached = [{"scanner_class": {"$ne": "venue"}, "unit": one} for one in _units(actor, place_id)]
    try:
        scope.place(actor, "device.list", place_id)
        reached.append({"scanner_class": "venue"})
    except NotFound:
        if not reached:
            raise
    query = {"place": place_id, "$or": reached}
    found, following = paging.page(collection, query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [_shown(one) for one in found], following


def _units(actor: Staff, place_id: str) -> list[str]:
    """Return the units in the actor's scope that answer for scanners of a place which are no gates."""
    query = {"place": place_id, "scanner_class": {"$ne": "venue"}}
    owners = [
        one["_id"]
        for one in device.Device._get_collection().aggregate(
            [{"$match": query}, {"$group": {"_id": {"unit": "$unit", "area": "$area"}}}, {"$sort": {"_id": 1}}]
        )
    ]
    told = [(one["unit"], one.get("area") or "") for one in owners]
    return sorted({name for name, area in told if actor.covers("device.list", unit=name, area=area)})


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["_id"],
        "name": found["name"],
        "place_id": found["place"],
        "scanner_class": found["scanner_class"],
        "unit": found.get("unit") or "",
        "state": found["state"],
        "registered_by": found["registered_by"],
        "registered_at": clock.civil(found["registered_at"]).isoformat(timespec="seconds"),
    }
