"""What is shown of orders: to their owner, and as lists to staff. Plain dicts."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from backend.identity_documents import mask_name
from backend.store import paging
from models.booking import cancel, order, slot, ticket

SLOT_FIELDS = dict.fromkeys(
    (
        "place",
        "resource",
        "resource_kind",
        "resource_zh",
        "kind",
        "day",
        "start",
        "end",
        "quota",
        "left",
        "state",
        "shares",
        "counters",
    ),
    1,
)
LONGEST_CALENDAR = 2_000
"""Bound of the slots of one calendar: 62 days of 31 slots."""
STATE_ZH = {"held": "待支付", "issued": "已出票", "cancelled": "已取消", "expired": "已过期"}


def created(found: dict[str, Any]) -> dict[str, Any]:
    """Return an order as it was when it was made; the same at every repetition of its request."""
    return {
        **_head(found),
        "state": "held" if found["total_fen"] else "issued",
        "state_zh": STATE_ZH["held" if found["total_fen"] else "issued"],
        "visitors": [_visitor(found, number) for number in range(len(found["visitors"]))],
    }


def whole(found: dict[str, Any]) -> dict[str, Any]:
    """Return an order with its visitors, tickets and refund, for its owner."""
    shown = {
        **_head(found),
        "state": found["state"],
        "state_zh": _state_zh(found),
        "visitors": [_visitor_now(found, number) for number in range(len(found["visitors"]))],
        "tickets": [_ticket(one) for one in ticket.of_order(found["_id"])],
    }
    if found.get("refund"):
        shown["refund"] = found["refund"]
    if found.get("parts"):
        names = ("visitors", "fen", "state")
        shown["partial_refunds"] = [{name: one[name] for name in names} for one in found["parts"]]
    for number, one in enumerate(shown.get("extras", ())):
        if found["state"] == "cancelled" or found["extras"][number].get("cancelled"):
            one["state"] = "cancelled"
    if found["state"] == "issued":
        shown["refund_if_cancelled_fen"] = cancel.refund_fen(found)
    return shown


def _state_zh(found: dict[str, Any]) -> str:
    if found.get("from_waiting") and found["state"] == "held" and not found["total_fen"]:
        return "待确认"
    return "未到场,名额已释放" if found.get("released") else STATE_ZH[found["state"]]


def _head(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(found["_id"]),
        "place_id": found["place"],
        "slot_id": found["slot"],
        "day": found["day"],
        "start": clock.civil(clock.at(clock.date_of(found["day"]), found["start"])).isoformat(),
        "end": clock.civil(clock.at(clock.date_of(found["day"]), found["end"])).isoformat(),
        "total_fen": found["total_fen"],
        "hold_until": clock.civil(found["hold_until"]).isoformat(timespec="milliseconds"),
        **_beyond(found),
    }


def _beyond(found: dict[str, Any]) -> dict[str, Any]:
    """Return what only some orders have: a resource, things taken along."""
    told = {name: found[name] for name in ("resource", "channel") if found.get(name)}
    names = ("slot", "units", "price_fen", "what", "title_zh")
    extras = [{("slot_id" if n == "slot" else n): one[n] for n in names} for one in found.get("extras", [])]
    return told | ({"extras": extras} if extras else {})


def _visitor(found: dict[str, Any], number: int) -> dict[str, Any]:
    visitor = found["visitors"][number]
    document = visitor.get("document", {})
    return {
        "name": _name(found, visitor, number),
        "ticket_class": visitor["ticket_class"],
        "price_fen": visitor["price_fen"],
        "age_band": visitor.get("age_band", ""),
        "inspect": visitor.get("inspect", ""),
        "document_kind": document.get("kind", ""),
        "document_tail": document.get("tail", ""),
    }


def _visitor_now(found: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a visitor with the number to name them by, and whether they still come."""
    state = "cancelled" if found["state"] == "cancelled" or found["visitors"][number].get("cancelled") else "booked"
    return {**_visitor(found, number), "number": number, "state": state}


def _name(found: dict[str, Any], visitor: dict[str, Any], number: int) -> str:
    """Return the visitor's name, masked; somebody whose data were deleted has none."""
    if "name" not in visitor:
        return "已注销"
    sealer = runtime.current().sealer
    return mask_name(sealer.open("orders.visitors.name", f"{found['_id']}:{number}", visitor["name"]))


def _ticket(found: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "id": found["_id"],
        "number": found["number"],
        "state": found["state"],
        "ticket_class": found["ticket_class"],
        "enter_from": clock.civil(found["enter_from"]).isoformat(),
        "enter_until": clock.civil(found["enter_until"]).isoformat(),
        "code": ticket.code(found) if found["state"] != "void" else "",
    }
    if found.get("first_scan"):
        shown["used_at"] = clock.civil(found["first_scan"]["at"]).isoformat()
        shown["used_gate"] = found["first_scan"]["gate"]
    return shown


def of_account(account: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return an account's orders, newest first, without their tickets."""
    query = {"account": account}
    found, following = paging.page(
        order.Order._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
    return [
        {**_head(o), "state": o["state"], "state_zh": _state_zh(o), "places": o["places"]} for o in found
    ], following


def calendar(place: str, first: str, last: str, resource: str = slot.WHOLE) -> list[dict[str, Any]]:
    """Return all slots of a place, or of one of its resources, between two days (inclusive), in their order.

    One query gives the slots and the counters of daily limits; a slot has no more left than its day.
    """
    query = {"place": place, "resource": resource, "day": {"$gte": first, "$lte": last}}
    rows = slot.Slot._get_collection().find(query, SLOT_FIELDS).sort([("day", 1), ("start", 1)])
    found = list(rows.limit(LONGEST_CALENDAR))
    days = {one["_id"]: one["left"] for one in found if one.get("kind") == "day"}
    return [slot_shown(one, days) for one in found if one.get("kind") != "day"]


def slot_shown(found: dict[str, Any], days: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Return what anybody may know of a slot; `days` say what the counters that sell along have left."""
    day = clock.date_of(found["day"])
    over = clock.at(day, found["end"]) <= clock.now()
    left = min([found["left"], *((days or {}).get(one, found["left"]) for one in found.get("counters", []))])
    shown = {
        "id": found["_id"],
        "place_id": found["place"],
        "day": found["day"],
        "start": f"{found['start'] // 60:02d}:{found['start'] % 60:02d}",
        "end": f"{found['end'] // 60:02d}:{found['end'] % 60:02d}",
        "quota": found["quota"],
        "left": left if found["state"] == "open" and not over else 0,
        "state": "over" if over else found["state"],
    }
    shown |= {name: found[name] for name in ("resource", "resource_kind", "resource_zh") if found.get(name)}
    if found.get("shares"):
        shown["shares"] = [_share(name, one, shown["left"]) for name, one in sorted(found["shares"].items())]
    return shown


def _share(name: str, found: dict[str, int], most: int) -> dict[str, Any]:
    zh = slot.SHARES_ZH.get(name, name)
    return {"share": name, "share_zh": zh, "quota": found["quota"], "left": min(found["left"], most)}


def counted_along(found: dict[str, Any]) -> dict[str, int]:
    """Return what the counters that sell along with one slot have left."""
    if not found.get("counters"):
        return {}
    rows = slot.Slot._get_collection().find({"_id": {"$in": found["counters"]}}, {"left": 1})
    return {one["_id"]: one["left"] for one in rows}


def slot_whole(found: dict[str, Any]) -> dict[str, Any]:
    """Return a slot with the classes of tickets that share its quota."""
    return {**slot_shown(found, counted_along(found)), "ticket_types": found["classes"]}
