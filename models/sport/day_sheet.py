"""The day of a venue: who is on which court at which hour, for the staff at the desk. Names are masked.

An access line is stored before the answer; children below fourteen are not shown without an approval.
"""

from datetime import date
from typing import Any

from bson import ObjectId

from backend.errors import Conflict
from models.audit import access_line
from models.booking import order, order_office_views, order_views
from models.booking.ticket import Ticket
from models.identity import minor_approval
from models.identity.actors import Staff
from models.places import scope
from models.sport import venue
from models.sport.book import clock_of

MOST_ORDERS = 2_000
_FIELDS = {"outbox": 0, "history": 0, "idempotency": 0, "claims": 0}


class MoreThanSheetHolds(Conflict):
    """409: more bookings than one sheet takes."""

    code = "day_sheet_too_long"
    zh = "当日预订超过 {most} 单,请按场地分别查看订单。"
    en = "More than {most} bookings on this day. Look at the orders of single slots."


def read(actor: Staff, place_id: str, day: date, *, purpose: str) -> dict[str, Any]:
    """Return the bookings of a venue's day by court and hour; the access line is stored before.

    Raises:
        NotFound: no such venue in the actor's scope.
        MoreThanSheetHolds: there are more than a sheet takes.
    """
    scope.place(actor, "order.list", place_id)
    venue.read(place_id)
    found = _orders(place_id, day.isoformat())
    persons = [one["person"] for each in found for one in each["visitors"] if one.get("person")]
    hidden = minor_approval.hidden(actor, persons)
    shown = [one for one in persons if one not in hidden]
    access_line.record(actor, purpose=purpose, subjects=shown, fields=order_office_views.FIELDS)
    entered = _entered(place_id, day.isoformat())
    lines: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        lines.setdefault(one["resource"], []).append(_line(one, hidden, entered))
    items = [
        {"resource": one["code"], "name_zh": one["name_zh"], "bookings": lines.get(one["code"], [])}
        for one in venue.resources(place_id)
    ]
    return {"place_id": place_id, "day": day.isoformat(), "items": items}


def _orders(place_id: str, day: str) -> list[dict[str, Any]]:
    query = {"place": place_id, "day": day, "state": {"$in": ["held", "issued"]}}
    rows = order.Order._get_collection().find(query, _FIELDS).sort("_id", 1).limit(MOST_ORDERS + 1)
    found = list(rows)
    if len(found) > MOST_ORDERS:
        raise MoreThanSheetHolds(most=MOST_ORDERS)
    return sorted((one for one in found if one.get("resource")), key=lambda one: (one["start"], one["_id"]))


def _entered(place_id: str, day: str) -> set[str]:
    query = {"place": place_id, "day": day, "state": "used"}
    return {one["_id"] for one in Ticket._get_collection().find(query, {"_id": 1}).limit(MOST_ORDERS * 12)}


def _line(found: dict[str, Any], hidden: set[ObjectId], entered: set[str]) -> dict[str, Any]:
    shown = order_office_views.masked(order_views.created(found), found, hidden)
    players = [
        {
            **{name: one[name] for name in ("name", "ticket_class", "age_band", "inspect")},
            "entered": f"{found['_id']}-{number}" in entered,
        }
        for number, one in enumerate(shown["visitors"])
    ]
    return {
        "order_id": shown["id"],
        "start": clock_of(found["start"]),
        "end": clock_of(found["end"]),
        "state": found["state"],
        "state_zh": order_views.STATE_ZH[found["state"]],
        "total_fen": found["total_fen"],
        "players": players,
    }
