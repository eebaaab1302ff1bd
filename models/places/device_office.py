"""The scanners of places and operators: registered, listed and revoked by staff.

A gate or sensor of a scenic place is answered for by the place's unit; any other scanner names the unit that does.
"""

from dataclasses import dataclass
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound, Unprocessable
from backend.store import paging, transactions
from models.audit import entry
from models.identity import device, unit
from models.identity.actors import Staff
from models.identity.device import Duty
from models.places import place, scope, zone

_STANDING = list(device.AT_PLACES)


@dataclass(frozen=True)
class Post:
    """Where a device serves: place or operator, what it reads, the unit that answers for it, and what it does there."""

    place: str
    scanner_class: str = "venue"
    unit: str = ""
    duty: Duty = device.GATE


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
        zone.ZoneUnknown: the place has no such zone.
        DeviceKnown: the id is taken.
    """
    owner, area = _answering(actor, "device.register", post)
    where = {"zone": post.duty.zone} if post.duty.zone else {}
    told = {"place": post.place, "scanner_class": post.scanner_class, **where}
    line = entry.line(actor.key, "device.register", f"device:{device_id}", unit=owner, **told)

    def change(session: ClientSession) -> dict[str, Any]:
        made = device.register(
            actor.key,
            device_id,
            name=name,
            place=post.place,
            public_key=public_key,
            scanner_class=post.scanner_class,
            unit=owner,
            area=area,
            duty=post.duty,
            session=session,
        )
        entry.write(line, session)
        return made

    return _shown(transactions.run(change))


def move(actor: Staff, device_id: str, duty: Duty) -> dict[str, Any]:
    """Give a gate another zone, direction or capability; return it. What it handed in before stays as it was.

    Raises:
        NotFound: no such gate in the actor's scope.
        zone.ZoneUnknown: its place has no such zone.
    """
    actor.require("device.register")
    found = device.Device._get_collection().find_one({"_id": device_id})
    if found is None:
        raise NotFound
    owner = _owner(actor, "device.register", found)
    _check_zone(found["scanner_class"], found["place"], duty.zone)
    line = entry.line(actor.key, "device.move", f"device:{device_id}", unit=owner, **vars(duty))

    def change(session: ClientSession) -> None:
        device.move(device_id, duty, session)
        entry.write(line, session)

    transactions.run(change)
    return _shown({**found, **vars(duty)})


def _check_zone(scanner_class: str, place_id: str, code: str) -> None:
    if not code:
        return
    if scanner_class not in device.AT_PLACES:
        raise zone.ZoneUnknown
    zone.require(place.read(place_id), code)


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
    line = entry.line(actor.key, "device.revoke", f"device:{device_id}", unit=owner, place=found["place"])

    def change(session: ClientSession) -> None:
        device.revoke(device_id, session)
        entry.write(line, session)

    transactions.run(change)


def _answering(actor: Staff, operation: str, post: Post) -> tuple[str, str]:
    """Return unit and area that answer for a post."""
    if post.scanner_class in device.AT_PLACES:
        found = scope.place(actor, operation, post.place)
        _check_zone(post.scanner_class, post.place, post.duty.zone)
        return found.get("unit") or "", scope.area(found)
    if not post.unit:
        raise UnitMissing
    _check_zone(post.scanner_class, post.place, post.duty.zone)
    area = unit.read(post.unit).get("area") or ""
    if not actor.covers(operation, unit=post.unit, area=area):
        raise NotFound
    return post.unit, area


def _owner(actor: Staff, operation: str, found: dict[str, Any]) -> str:
    """Return the unit of a scanner that the operation reaches: a gate's by its place, which may change hands."""
    if found["scanner_class"] in device.AT_PLACES:
        return scope.place(actor, operation, found["place"]).get("unit") or ""
    if not actor.covers(operation, unit=found["unit"], area=found.get("area") or ""):
        raise NotFound
    return found["unit"]


def listed(actor: Staff, place_id: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the scanners of a place or operator: its gates, and those of units in the actor's scope.

    Raises:
        NotFound: nothing of that name in the actor's scope.
    """
    collection = device.Device._get_collection()
    reached = [{"scanner_class": {"$nin": _STANDING}, "unit": one} for one in _units(actor, place_id)]
    try:
        scope.place(actor, "device.list", place_id)
        reached.append({"scanner_class": {"$in": _STANDING}})
    except NotFound:
        if not reached:
            raise
    query = {"place": place_id, "$or": reached}
    found, following = paging.page(collection, query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [_shown(one) for one in found], following


def _units(actor: Staff, place_id: str) -> list[str]:
    """Return the units in the actor's scope that answer for scanners of a place which are no gates."""
    query = {"place": place_id, "scanner_class": {"$nin": _STANDING}}
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
        **vars(device.duty_of(found)),
        "state": found["state"],
        "registered_by": found["registered_by"],
        "registered_at": clock.civil(found["registered_at"]).isoformat(timespec="seconds"),
    }
