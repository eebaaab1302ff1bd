"""What a gate without network has to know of today's tickets: zones and how often, hours, the static code."""

from typing import Any

from backend import clock
from models.booking.slot import Slot
from models.devices import sync
from models.identity.actors import Device

MOST = 200
"""Different hours of a day; a place with many courts has the same hours many times."""


@sync.tells_gate_rules
def told(device: Device) -> list[dict[str, Any]]:
    """Return, for each start of today's slots at the device's place, the terms that its tickets were sold with."""
    query = {"place": device.place, "day": clock.today().isoformat(), "kind": {"$ne": "day"}}
    hours = {"start": "$start", "end": "$end"}
    steps = [
        {"$match": query},
        {"$sort": {"start": 1, "resource": 1}},
        {"$group": {"_id": hours, "terms": {"$first": "$terms"}}},
        {"$sort": {"_id": 1}},
        {"$limit": MOST},
    ]
    return [_rule({**one["_id"], "terms": one["terms"]}) for one in Slot._get_collection().aggregate(steps)]


def _rule(slot: dict[str, Any]) -> dict[str, Any]:
    terms = slot.get("terms") or {}
    told: dict[str, Any] = {
        "start": slot["start"],
        "end": slot["end"],
        "enter_early_minutes": terms.get("enter_early_minutes", 30),
        "static_code": terms.get("static_code", "accept"),
    }
    return told | ({"zones": [_zone(one) for one in terms["zones"]]} if "zones" in terms else {})


def _zone(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": told["code"],
        "most_entries": told.get("most_entries", 1),
        "again": told.get("again", "after_exit"),
        "parent": told.get("parent", ""),
        "ticket_types": told.get("ticket_types") or [],
    }
