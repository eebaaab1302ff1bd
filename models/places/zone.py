"""The zones of a place: parts with gates of their own, and how often a ticket lets its holder into each.

They go into the terms of slots that are opened later, with them into orders, and so to the gates: who has booked keeps
what was agreed on. The zone with the empty code is the place as a whole.
"""

from typing import Any

from pymongo.client_session import ClientSession

from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity.actors import Staff
from models.places import scope
from models.places.place import Place

OPERATION = "slot.open"
"""Who may open slots says what their tickets are good for."""
AGAIN = ("after_exit", "free")
STATIC_CODES = ("accept", "inspect", "refuse")
MOST = 20


class ZonesWrong(Unprocessable):
    """422: a code comes twice, a parent or a ticket type is not there, or zones lie inside each other in a circle."""

    code = "zones_wrong"
    zh = "分区设置有误:{what}。"
    en = "The zones are not right: {what}."


class ZoneUnknown(Unprocessable):
    """422: the place has no such zone."""

    code = "zone_unknown"
    zh = "该景点没有这个分区,请先设置分区。"
    en = "The place has no such zone. Set up its zones first."

    def __init__(self) -> None:
        super().__init__(fields={"zone": [self.zh]})


def read(actor: Staff, place_id: str) -> dict[str, Any]:
    """Return the zones of a place and its rule for static codes.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    return shown(scope.place(actor, "place.read", place_id))


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is set for the gates of a place."""
    terms = found.get("terms") or {}
    return {"zones": terms.get("zones") or [], "static_code": terms.get("static_code") or "accept"}


def put(actor: Staff, place_id: str, zones: list[dict[str, Any]], static_code: str) -> dict[str, Any]:
    """Set the zones of a place and its rule for static codes, for slots that are opened from now on; return them.

    Raises:
        NotFound: no such place in the actor's scope.
        ZonesWrong: they do not fit together.
    """
    found = scope.place(actor, OPERATION, place_id)
    _check(zones, {one["code"] for one in found.get("ticket_types") or []})
    told = {"zones": zones, "static_code": static_code}
    codes = [one["code"] for one in zones]
    unit = found.get("unit") or ""
    line = entry.line(actor.key, "place.zones", f"place:{place_id}", unit=unit, zones=codes, static_code=static_code)

    def change(session: ClientSession) -> None:
        update = {"$set": {f"terms.{name}": value for name, value in told.items()}, "$addToSet": {"kept": "terms"}}
        Place._get_collection().update_one({"_id": place_id}, update, session=session)
        entry.write(line, session)

    transactions.run(change)
    return told


def _check(zones: list[dict[str, Any]], types: set[str]) -> None:
    by_code = {one["code"]: one for one in zones}
    if len(by_code) < len(zones):
        raise ZonesWrong(what="分区代码重复", fields={"zones": ["code"]})
    for one in zones:
        if one["parent"] and one["parent"] not in by_code:
            raise ZonesWrong(what="上级分区不存在", fields={"zones": ["parent"]})
        if set(one["ticket_types"]) - types:
            raise ZonesWrong(what="票种不存在", fields={"zones": ["ticket_types"]})
        if not _ends(one, by_code):
            raise ZonesWrong(what="分区互为上级", fields={"zones": ["parent"]})


def _ends(one: dict[str, Any], by_code: dict[str, dict[str, Any]]) -> bool:
    """Tell whether the way from a zone to those that it lies in ends."""
    for _ in by_code:
        if not one["parent"] or not one["code"]:
            return not one["parent"]
        one = by_code[one["parent"]]
    return not one["parent"]


def exists(found: dict[str, Any], code: str) -> bool:
    """Tell whether a place has a zone; it always has itself."""
    return not code or any(one["code"] == code for one in shown(found)["zones"])


def require(found: dict[str, Any], code: str) -> None:
    """Check that a place has a zone.

    Raises:
        ZoneUnknown: it has not.
    """
    if not exists(found, code):
        raise ZoneUnknown
