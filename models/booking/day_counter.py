"""The counter of a day's limit (日限额): making it, giving it another limit, letting it count what was sold before it.

It is a slot of the kind `day` that sells along with every slot of the place as a whole. Where those were open before
the limit was, their orders take of the counter as well from then on, so that what they give back comes back to it.

A booking under way that took of a slot before the counter was there is noted at the counter as its hold, so that nobody
gets its places as well; whoever takes after that knows the counter or gets nothing (`slot.Take.known`). When its order
is stored it takes of the counter (`settle`, or the next `bring`); when it is given back, so are they.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.booking import order, slot, slot_quota
from models.booking.order import Order
from models.booking.slot import Slot, Take
from models.booking.waiting import WaitingEntry

NO_LIMIT = 1_000_000
"""Quota of a counter whose limit was taken away: more than all slots of a day sell together."""
UNDER_WAY = timedelta(seconds=90)
"""After this long every booking that began without the counter is an order, or was given back."""
MOST_ORDERS = 50_000
Outcome = Literal["same", "changed", "kept"]
_LIVE = ["held", "issued"]


def bring(wanted: Mapping[str, Any]) -> Outcome:
    """Bring a day to its limit: `wanted` is the counter as it should be, its `quota` the limit.

    Returns `kept` where more is sold already; the counter then stands at what is sold, and nothing more is: what comes
    back lowers it until it is at its limit.
    """
    slot.open_up(dict(wanted))
    told, now = slot.told(wanted["_id"])["outbox"]["$each"], clock.now()

    def change(session: ClientSession) -> Outcome:
        found = Slot._get_collection().find_one({"_id": wanted["_id"]}, session=session) or {}
        slots, lacking = _slots(wanted, session)
        late = _late(wanted["_id"], slots, session)
        early = _early(lacking, session)
        _let_wait(wanted["_id"], lacking, session)
        known = {str(order_id) for order_id in late} & set(found["pending"])
        noted = sum(int(found["pending"][hold][0]) for hold in known)
        held = slot_quota.sold(found) - noted + sum(late.values()) + sum(early.values())
        quota = max(wanted["quota"], held)
        outcome: Outcome = "kept" if quota > wanted["quota"] else "changed"
        over = quota - wanted["quota"]
        if quota == found["quota"] and over == found.get("over", 0) and not late and not early:
            return ("changed" if lacking else "same") if quota == wanted["quota"] else "kept"
        found = Slot._get_collection().find_one({"_id": wanted["_id"]}, session=session) or {}
        update = _numbers(found, quota, held, told)
        update["$set"]["over"] = over
        if early:
            update["$set"] |= {f"pending.{hold}": [n, now] for hold, n in early.items()} | {"has_pending": True}
        if known:
            update["$unset"] = {f"pending.{hold}": "" for hold in known}
        Slot._get_collection().update_one({"_id": wanted["_id"]}, update, session=session)
        return outcome

    outcome = transactions.run(change)
    outbox.wake("checkout")
    return outcome


def settle(wish: Take, hold: str) -> None:
    """Take the note of a hold away whose order is stored; an order that does not take of this counter does so now.

    What of it ended meanwhile had nothing of the counter to give back, so those places return.
    """
    order_id, note = ObjectId(hold), f"pending.{hold}"

    def change(session: ClientSession) -> bool:
        there = {"_id": wish.slot, "kind": "day", note: {"$exists": True}}
        found = Order._get_collection().find_one({"_id": order_id}, session=session) or {}
        if not found or any(one.slot == wish.slot for one in order.takes(found)):
            return False
        if not Slot._get_collection().update_one(there, {"$unset": {note: ""}}, session=session).matched_count:
            return False
        places = min(found["places"], wish.places) if found["state"] in _LIVE else 0
        if places:
            push = {"$push": {"takes": {"slot": wish.slot, "places": places}}}
            Order._get_collection().update_one({"_id": order_id}, push, session=session)
        if places < wish.places:
            slot.give_back(Take(wish.slot, wish.places - places), session)
        return True

    if not wish.slot.endswith(slot.DAY) or not transactions.run(change):
        slot.forget(wish.slot, hold)


def foresee(wanted: Mapping[str, Any]) -> tuple[Outcome, int]:
    """Return what `bring` would come to as things stand, and how much of the day is sold; nothing is changed."""
    found = Slot._get_collection().find_one({"_id": wanted["_id"]})
    query = {"place": wanted["place"], "resource": slot.WHOLE, "day": wanted["day"], "kind": {"$ne": "day"}}
    rows = list(Slot._get_collection().find(query, {"quota": 1, "left": 1, "kept": 1}))
    sold = sum(slot_quota.sold(one) for one in rows)
    if sold > wanted["quota"]:
        return "kept", sold
    return "same" if found and found["quota"] == wanted["quota"] else "changed", sold


def _slots(wanted: Mapping[str, Any], session: ClientSession) -> tuple[list[str], list[dict[str, Any]]]:
    """Let all slots of the place as a whole sell along with the counter; return them, and those that did not before."""
    query = {"place": wanted["place"], "resource": slot.WHOLE, "day": wanted["day"], "kind": {"$ne": "day"}}
    fields = {"counters": 1, "pending": 1, "line": 1}
    rows = list(Slot._get_collection().find(query, fields, session=session))
    lacking = [one for one in rows if wanted["_id"] not in (one.get("counters") or [])]
    if lacking:
        change = {"$addToSet": {"counters": wanted["_id"]}}
        Slot._get_collection().update_many({"_id": {"$in": [one["_id"] for one in lacking]}}, change, session=session)
    return [one["_id"] for one in rows], lacking


def _early(lacking: Sequence[Mapping[str, Any]], session: ClientSession) -> dict[str, int]:
    """Return the holds of slots that sold without the counter which are no orders yet, and their places."""
    holds = {hold: int(note[0]) for one in lacking for hold, note in (one.get("pending") or {}).items()}
    query = {"_id": {"$in": [ObjectId(hold) for hold in holds]}}
    stored = Order._get_collection().find(query, {"_id": 1}, session=session) if holds else ()
    known = {str(one["_id"]) for one in stored}
    return {hold: places for hold, places in holds.items() if hold not in known}


def _let_wait(counter: str, lacking: Sequence[Mapping[str, Any]], session: ClientSession) -> None:
    """Let who waits for these slots wait for the counter too, so that an offer takes of it."""
    entries = WaitingEntry._get_collection()
    query = {"counters": {"$in": [one["_id"] for one in lacking]}, "state": "waiting"}
    rows = list(entries.find(query, {"counters": 1, "size": 1}, session=session)) if lacking else []
    late = [one for one in rows if counter not in one["counters"]]
    if not late:
        return
    changes = [
        UpdateOne(
            {"_id": one["_id"]},
            {"$push": {"counters": counter, "order.takes": {"slot": counter, "places": one["size"]}}},
        )
        for one in late
    ]
    entries.bulk_write(changes, ordered=False, session=session)
    line = max(int(one.get("line") or 0) for one in lacking)
    told = {"$inc": {"waiting": len(late)}, "$max": {"line": line}}
    Slot._get_collection().update_one({"_id": counter}, told, session=session)


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
