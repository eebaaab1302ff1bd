"""The counter of a day's limit (日限额): making it, giving it another limit, letting it count what was sold before it.

It is a slot of the kind `day` that sells along with every slot of the place as a whole. Where those were open before
the limit was, their orders take of the counter as well from then on, so that what they give back comes back to it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import outbox
from backend.store import transactions
from models.booking import order, slot, slot_quota
from models.booking.order import Order
from models.booking.slot import Slot

NO_LIMIT = 1_000_000
"""Quota of a counter whose limit was taken away: more than all slots of a day sell together."""
UNDER_WAY = timedelta(seconds=90)
"""After this long every booking that began without the counter is an order, or was given back."""
MOST_ORDERS = 50_000
Outcome = Literal["same", "changed", "kept"]
_LIVE = ["held", "issued"]


def bring(wanted: Mapping[str, Any]) -> Outcome:
    """Bring a day to its limit: `wanted` is the counter as it should be, its `quota` the limit.

    Returns `kept` where more is sold already; the counter then stands at what is sold, and nothing more is.
    Bookings that are under way while the counter is made are counted by the next call.
    """
    slot.open_up(dict(wanted))
    told = slot.told(wanted["_id"])["outbox"]["$each"]

    def change(session: ClientSession) -> Outcome:
        found = Slot._get_collection().find_one({"_id": wanted["_id"]}, session=session) or {}
        slots, joined = _slots(wanted, session)
        late = _late(wanted["_id"], slots, session)
        held = slot_quota.sold(found) + sum(late.values())
        quota = max(wanted["quota"], held)
        outcome: Outcome = "kept" if quota > wanted["quota"] else "changed"
        if quota == found["quota"] and not late:
            return ("changed" if joined else "same") if quota == wanted["quota"] else "kept"
        Slot._get_collection().update_one({"_id": wanted["_id"]}, _numbers(found, quota, held, told), session=session)
        return outcome

    outcome = transactions.run(change)
    outbox.wake("checkout")
    return outcome


def foresee(wanted: Mapping[str, Any]) -> tuple[Outcome, int]:
    """Return what `bring` would come to as things stand, and how much of the day is sold; nothing is changed."""
    found = Slot._get_collection().find_one({"_id": wanted["_id"]})
    query = {"place": wanted["place"], "resource": slot.WHOLE, "day": wanted["day"], "kind": {"$ne": "day"}}
    rows = list(Slot._get_collection().find(query, {"quota": 1, "left": 1, "kept": 1}))
    sold = sum(slot_quota.sold(one) for one in rows)
    if sold > wanted["quota"]:
        return "kept", sold
    return "same" if found and found["quota"] == wanted["quota"] else "changed", sold


def _slots(wanted: Mapping[str, Any], session: ClientSession) -> tuple[list[str], int]:
    """Let all slots of the place as a whole sell along with the counter; return them, and how many did not before."""
    query = {"place": wanted["place"], "resource": slot.WHOLE, "day": wanted["day"], "kind": {"$ne": "day"}}
    rows = list(Slot._get_collection().find(query, {"counters": 1}, session=session))
    lacking = [one["_id"] for one in rows if wanted["_id"] not in (one.get("counters") or [])]
    if lacking:
        change = {"$addToSet": {"counters": wanted["_id"]}}
        Slot._get_collection().update_many({"_id": {"$in": lacking}}, change, session=session)
    return [one["_id"] for one in rows], len(lacking)


def _late(counter: str, slots: Sequence[str], session: ClientSession) -> dict[Any, int]:
    """Let the orders of these slots take of the counter that do not yet; return how many places each does."""
    query = {"$and": [{"takes.slot": {"$in": list(slots)}}, {"takes.slot": {"$ne": counter}}], "state": {"$in": _LIVE}}
    rows = list(Order._get_collection().find(query, {"takes": 1}, session=session).limit(MOST_ORDERS))
    late = {one["_id"]: sum(take.places for take in order.takes(one) if take.slot in slots) for one in rows}
    changes = [
        UpdateOne({"_id": order_id}, {"$push": {"takes": {"slot": counter, "places": places}}})
        for order_id, places in late.items()
    ]
    if changes:
        Order._get_collection().bulk_write(changes, ordered=False, session=session)
    return late


def _numbers(found: Mapping[str, Any], quota: int, held: int, told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the update of the counter: what is free and was not goes to those who wait."""
    free, left, kept = quota - held, int(found["left"]), int(found.get("kept", 0))
    more = free - left - kept
    if more > 0 and found.get("waiting"):
        kept += more
        return {"$set": {"quota": quota, "left": left, "kept": kept, "outbox": told}}
    if more > 0:
        return {"$set": {"quota": quota, "left": left + more, "kept": kept}}
    return {"$set": {"quota": quota, "left": max(0, left + more), "kept": kept + min(0, left + more)}}
