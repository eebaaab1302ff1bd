"""Who bought at a window or kiosk and must be told of a closing: no account reaches them, so the window calls.

An order stands on the list of its place from the closing until a clerk says that it was seen to; cash that waits for it
is told with it. An SMS that went to the number they left does not take it off: nobody knows whether it was read.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound
from backend.store import paging, transactions
from models.audit import access_line, entry
from models.booking import cash, order, order_views
from models.booking.order import Order
from models.identity.actors import Staff
from models.places import scope

OPERATION, PURPOSE = "order.sell", "booking_service"
FIELDS = ("contact",)
WHY_ZH = {
    "slot_closed": "时段关闭,订单已取消",
    "place_closed": "场所关闭,订单已取消",
    "weather_closed": "天气关闭,订单已取消",
    "extra_closed": "附加项目取消,参观照常",
}


def note(found: dict[str, Any], kind: str, *, key: str, reason: str) -> None:
    """Put an order on the list of its place, once for each closing."""
    told = {"place": found["place"], "kind": kind, "key": key, "reason": reason, "at": clock.now()}
    query = {"_id": found["_id"], "to_tell.key": {"$ne": key}}
    Order._get_collection().update_one(query, {"$set": {"to_tell": told}})


def listed(actor: Staff, place_id: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of who must be told; the access line is stored before.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    scope.place(actor, OPERATION, place_id)
    query = {"to_tell.place": place_id}
    found, following = paging.page(Order._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    people = {one["person"] for row in found if row.get("contact") for one in row["visitors"] if one.get("person")}
    access_line.record(actor, purpose=PURPOSE, subjects=people, fields=FIELDS)
    return [shown(one) for one in found], following


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a clerk needs to tell somebody."""
    whole, told = order_views.created(found), found["to_tell"]
    backs = [*found.get("parts", ()), *([found["refund"]] if found.get("refund") else [])]
    owed = sum(one["fen"] for one in backs if one["state"] == cash.OWED)
    names = ("place_id", "slot_id", "day", "start", "end")
    number = order.contact(found)
    return {
        "order_id": whole["id"],
        **{name: whole[name] for name in names},
        "channel": found.get("channel", ""),
        "places": found["places"],
        "state": found["state"],
        "why": told["kind"],
        "why_zh": WHY_ZH[told["kind"]],
        "reason": told["reason"],
        "closed_at": clock.civil(told["at"]).isoformat(timespec="seconds"),
        "collect_fen": owed,
    } | ({"phone": number} if number else {})


def done(actor: Staff, order_id: ObjectId) -> None:
    """Take an order off the list, because they were told; again changes nothing.

    Raises:
        NotFound: no order in the actor's scope that was ever on it.
    """
    found = order.read(order_id)
    unit = str(scope.place(actor, OPERATION, found["place"]).get("unit") or "")
    if not found.get("to_tell"):
        raise NotFound
    line = entry.line(actor.key, "order.told", f"order:{order_id}", unit=unit, why=found["to_tell"]["kind"])
    told = {"$unset": {"to_tell.place": ""}, "$push": {"history": {"$each": [order.event("told", actor.key)]}}}

    def change(session: ClientSession) -> None:
        query = {"_id": order_id, "to_tell.place": found["place"]}
        if Order._get_collection().update_one(query, told, session=session).matched_count:
            entry.write(line, session)

    transactions.run(change)
