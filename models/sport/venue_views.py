"""What anybody may see of venues: the list, the board of a day, free public hours, and a price before booking."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from backend import clock
from models.booking import order_views, refund_rule, ticket
from models.booking.slot import Slot
from models.crowd import live_views
from models.places import opening, resource
from models.sport import book, venue
from models.sport.venue import Terms

MOST_SLOTS = 2_000
DAYS_OF_PUBLIC_HOURS = 7
_PLAIN = ("address", "phone", "demo")
_CROWD = ("level", "level_zh", "number")
_HIDDEN = {"pending": 0, "terms": 0}


def listed() -> list[dict[str, Any]]:
    """Return all venues, each with how crowded it is where somebody counts."""
    return [_venue(one) for one in venue.listed()]


def _venue(found: dict[str, Any]) -> dict[str, Any]:
    told = {"id": found["_id"], "name": found["name"], "kind": found["kind"], "kind_zh": venue.KIND_ZH[found["kind"]]}
    told |= {name: found[name] for name in _PLAIN if found.get(name)}
    told["resources"] = len(venue.resources(found["_id"]))
    if (open_today := opening.is_open_today(found)) is not None:
        told["open_today"] = open_today
    crowd = live_views.of_place(found["_id"]) or {}
    if crowd.get("number") is not None:
        told["crowd"] = {name: crowd[name] for name in _CROWD if name in crowd}
    return told


def board(place_id: str, day: date) -> dict[str, Any]:
    """Return all that a venue lets on a day, with what is left at which price; one query for all slots.

    Raises:
        NotFound: no such venue.
    """
    venue.read(place_id)
    found = venue.resources(place_id)
    at = day.isoformat()
    shown: dict[str, list[dict[str, Any]]] = {one["code"]: [] for one in found}
    for one in _slots(place_id, list(shown), at, at):
        shown[one["resource"]].append(_slot(one))
    return {"place_id": place_id, "day": at, "items": [_resource(one, shown[one["code"]]) for one in found]}


def _slots(place_id: str, codes: Sequence[str], first: str, last: str, **more: Any) -> list[dict[str, Any]]:
    query = {"place": place_id, "resource": {"$in": list(codes)}, "day": {"$gte": first, "$lte": last}, **more}
    rows = Slot._get_collection().find(query, _HIDDEN).sort([("day", 1), ("start", 1)])
    return list(rows.limit(MOST_SLOTS))


def _slot(found: dict[str, Any]) -> dict[str, Any]:
    return {**order_views.slot_shown(found), "ticket_types": found["classes"]}


def _resource(found: dict[str, Any], slots: list[dict[str, Any]]) -> dict[str, Any]:
    terms = venue.terms_of(found)
    told = {"resource": found["code"], "kind": found["kind"], "kind_zh": resource.KIND_ZH[found["kind"]]}
    told |= {"name_zh": found["name_zh"], **_asked(terms), "outdoor": terms.outdoor, "hours_most": terms.hours}
    told |= {"water": terms.water} if terms.water else {}
    return told | ({"demo": True} if found.get("demo") else {}) | {"slots": slots}


def _asked(terms: Terms) -> dict[str, Any]:
    return {
        "use": terms.use,
        "use_zh": venue.USE_ZH[terms.use],
        "players_least": terms.least,
        "players_most": terms.most,
        "guardian_below": terms.guardian_below,
        "deep_water": terms.deep_water,
    }


def public_hours() -> list[dict[str, Any]]:
    """Return the sessions of the coming week with a share for everybody, free of charge."""
    first, found = clock.today(), []
    last = (first + timedelta(days=DAYS_OF_PUBLIC_HOURS - 1)).isoformat()
    for one in venue.listed():
        codes = [each["code"] for each in venue.resources(one["_id"])]
        found += _slots(one["_id"], codes, first.isoformat(), last, **{"shares.public": {"$exists": True}})
    shown = [_slot(one) for one in found]
    return [one for one in sorted(shown, key=lambda one: (one["day"], one["start"])) if one["state"] != "over"]


def quote(slot_ids: Sequence[str], ticket_type: str) -> dict[str, Any]:
    """Return what a booking would cost, and what cancelling it gives back until when.

    Raises:
        SlotUnknown, NotInARow, TooManyHours, SlotClosed, TicketTypeUnknown: it cannot be booked.
    """
    hours, terms = book.hours_of(slot_ids)
    kinds = [book.kind_of(hour, number, ticket_type) for number, hour in enumerate(hours)]
    first, last = hours[0], hours[-1]
    early = (first.get("terms") or {}).get("enter_early_minutes", 30)
    window = ticket.entry_window(first["day"], first["start"], last["end"], early)
    shown = [order_views.slot_shown(hour) for hour in hours]
    return {
        "place_id": first["place"],
        "resource": first["resource"],
        "resource_zh": first.get("resource_zh") or "",
        "day": first["day"],
        **_asked(terms),
        "hours": [_hour(one, kind) for one, kind in zip(shown, kinds, strict=True)],
        "price_fen": sum(kind["price_fen"] for kind in kinds),
        "booker_plays": terms.use == "whole" and bool(kinds[0].get("concession")),
        "enter_from": clock.civil(window[0]).isoformat(timespec="seconds"),
        "enter_until": clock.civil(window[1]).isoformat(timespec="seconds"),
        "refund_steps": refund_rule.steps(first),
    }


def _hour(shown: dict[str, Any], kind: dict[str, Any]) -> dict[str, Any]:
    told = {name: shown[name] for name in ("start", "end", "left")}
    return {"slot_id": shown["id"], **told, "price_fen": kind["price_fen"]}


def booking(found: dict[str, Any]) -> dict[str, Any]:
    """Return an order of a court or session for its owner, with what it gives back until when."""
    return {**order_views.whole(found), **_beyond(found)}


def booked(found: dict[str, Any]) -> dict[str, Any]:
    """Return an order as it was when it was made; the same at every repetition of its request."""
    return {**order_views.created(found), **_beyond(found)}


def _beyond(found: dict[str, Any]) -> dict[str, Any]:
    known = resource.Resource._get_collection().find_one(
        {"_id": resource.resource_id(found["place"], found.get("resource") or "")}, {"name_zh": 1}
    )
    return {"refund_steps": refund_rule.steps(found)} | ({"resource_zh": known["name_zh"]} if known else {})
