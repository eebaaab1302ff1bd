"""A slot: one place or one of its resources, one day, one span of hours, one quota. It is the only keeper of capacity.

`left` is what can still be sold; `shares` say how much of it may go to a group of ticket types. A slot of the kind
`day` counts what all slots of a place sell on a day, for its daily limit.

A taker notes its hold under `pending` in the same update; when the order of that hold is in the store the note may go,
and does so with the next taker of this process or by the sweeper. A note that finds no order is given back once: the
sweeper first makes the order impossible (`order.abandon`), then returns the places.

What comes back while somebody waits is `kept` apart for them and not for sale (`slot_line`); `outbox` tells the line.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict, NotFound
from backend.store.combining import Combiner, Reads
from models.booking.slot_errors import (
    DaySoldOut,
    ShareSoldOut,
    SlotBusy,
    SlotChanged,
    SlotClosed,
    SlotOver,
    SlotSoldOut,
    paused,
)

COLLECTION = "slots"
outbox.carried_by(COLLECTION)
MOST_PENDING_BYTES = 1 << 16
"""Bound of `pending`: about 1,500 notes, far above the takers that can be under way at once."""
HOLD_WITHOUT_ORDER = timedelta(seconds=60)
"""After this long a hold without an order belongs to a process that died."""
_NOTES_A_TAKE = 64
DAY = "-day"
"""How the ids of slots of the kind `day` end."""
WHOLE = ""
"""The resource of a slot that is of the place as a whole."""
SHARES_ZH = {"individual": "散客", "group": "团队", "public": "惠民"}


class Slot(Document):
    """The id reads place, day and start: `museum-20261123-0900`, of a resource `hall.court_1-20261123-0900`.

    `start` and `end` are minutes of the civil day. `counters` are the slots of the kind `day` that sell along.
    `limits` say how often one person may book: `[{period: day | week | month, most}]`. `over` is by how much `quota`
    stands above the limit of a day of which more was sold than a lowered limit allows.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["place", "resource", "day", "start"], "unique": True},
            {"fields": ["has_pending"], "sparse": True},
            {"fields": ["day"]},
            {"fields": ["waiting", "day"], "partialFilterExpression": {"waiting": {"$gt": 0}}},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    day = StringField(required=True)
    start = IntField(required=True)
    end = IntField(required=True)
    quota = IntField(required=True, min_value=0)
    left = IntField(required=True, min_value=0)
    resource = StringField(default=WHOLE)
    resource_kind = StringField()
    resource_zh = StringField()
    kind = StringField(choices=("slot", "day"), default="slot")
    state = StringField(choices=("open", "paused", "closed"), required=True)
    shares = DictField()
    counters = ListField(StringField())
    limits = ListField(DictField())
    classes = ListField(DictField())
    terms = DictField()
    pending = DictField()
    has_pending = BooleanField()
    closed_reason = StringField()
    paused_reason = StringField()
    waiting = IntField()
    kept = IntField()
    line = IntField()
    by_hand = BooleanField()
    over = IntField()
    outbox = ListField(DictField())


@dataclass(frozen=True)
class Take:
    """What is taken of one slot: places in all, and how many of them are of which share.

    `known` are the counters that are taken from with it; of a slot that sells along with others nothing is got so.
    """

    slot: str
    places: int
    shares: Mapping[str, int] = field(default_factory=dict)
    known: frozenset[str] | None = field(default=None, compare=False)


_settled: defaultdict[str, deque[str]] = defaultdict(deque)


def slot_id(place: str, day: str, start: int, resource: str = WHOLE) -> str:
    """Return the id of a slot of `place` on `day` (YYYY-MM-DD) that begins at minute `start`."""
    owner = f"{place}.{resource}" if resource else place
    return f"{owner}-{day.replace('-', '')}-{start // 60:02d}{start % 60:02d}"


def owner_of(slot: str) -> str:
    """Return the place, or the resource of a place, that a slot's id names."""
    return slot.rsplit("-", 2)[0]


def day_of(slot: str) -> str:
    """Return the day that a slot's id names."""
    day = slot.rsplit("-", 2)[1]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def day_id(place: str, day: str) -> str:
    """Return the id of the slot that counts a whole day of a place."""
    return f"{place}-{day.replace('-', '')}{DAY}"


def read(slot: str) -> dict[str, Any]:
    """Return a slot without its pending notes.

    Raises:
        NotFound: no such slot.
    """
    found = _reads.find(slot)
    if found is None:
        raise NotFound(fields={"slot_id": [NotFound.zh]})
    return found


_reads = Reads(Slot._get_collection, {"pending": 0})


def require_open(slot: dict[str, Any], places: int) -> None:
    """Refuse early, by a read, what the guarded update would refuse.

    Raises:
        SlotOver, SlotClosed, SlotPaused, SlotSoldOut: as the slot stands.
    """
    if clock.at(clock.date_of(slot["day"]), slot["end"]) <= clock.now():
        raise SlotOver
    if refusal := _refusal_of(slot, places, {}):
        raise refusal


def take(wish: Take, hold: ObjectId) -> None:
    """Take places for `hold`, at once or not at all: one guarded update decides.

    Raises:
        SlotSoldOut, DaySoldOut, ShareSoldOut, SlotClosed, SlotPaused, SlotBusy, SlotChanged: nothing was taken.
    """
    _takes.run(wish.slot, (wish, hold))


def _take_all(slot: str, wishes: Sequence[tuple[Take, ObjectId]]) -> list[Conflict | None]:
    """Take for all wishes in one update; when they do not fit together, each for itself, in the order they came."""
    if _try_take(slot, wishes):
        return [None] * len(wishes)
    if len(wishes) == 1:
        return [_refusal(slot, wishes[0][0])]
    return [None if _try_take(slot, [wish]) else _refusal(slot, wish[0]) for wish in wishes]


def _try_take(slot: str, wishes: Sequence[tuple[Take, ObjectId]]) -> bool:
    places, now = sum(wish.places for wish, _hold in wishes), clock.now()
    shares: Counter[str] = Counter()
    for wish, _hold in wishes:
        shares.update(wish.shares)
    known = [wish.known for wish, _hold in wishes if wish.known is not None]
    guard = {
        **_guard(slot, places, shares, frozenset.intersection(*known) if known else None),
        "$expr": {"$lt": [{"$bsonSize": "$pending"}, MOST_PENDING_BYTES]},
    }
    notes: dict[str, Any] = {f"pending.{hold}": _pending(wish, now) for wish, hold in wishes}
    change: dict[str, Any] = {"$inc": _counts(-1, places, shares), "$set": {**notes, "has_pending": True}}
    if done := _take_settled(slot):
        change["$unset"] = {f"pending.{note}": "" for note in done}
    if Slot._get_collection().update_one(guard, change).matched_count:
        return True
    _settled[slot].extend(done)
    return False


def _guard(slot: str, places: int, shares: Mapping[str, int], known: frozenset[str] | None) -> dict[str, Any]:
    enough: dict[str, Any] = {f"shares.{name}.left": {"$gte": number} for name, number in shares.items()}
    if known is not None:
        enough["counters"] = {"$not": {"$elemMatch": {"$nin": sorted(known)}}}
    return {"_id": slot, "state": "open", "left": {"$gte": places}, **enough}


def _counts(sign: int, places: int, shares: Mapping[str, int]) -> dict[str, int]:
    return {"left": sign * places} | {f"shares.{name}.left": sign * number for name, number in shares.items()}


def _pending(wish: Take, now: Any) -> list[Any]:
    return [wish.places, now, dict(wish.shares)] if wish.shares else [wish.places, now]


_takes: Combiner[tuple[Take, ObjectId]] = Combiner(_take_all)


def _take_settled(slot: str) -> list[str]:
    done: list[str] = []
    notes = _settled[slot]
    while notes and len(done) < _NOTES_A_TAKE:
        try:
            done.append(notes.popleft())
        except IndexError:
            break
    return done


def _refusal(slot: str, wish: Take) -> Conflict:
    found = read(slot)
    if refusal := _refusal_of(found, wish.places, wish.shares):
        return refusal
    return SlotChanged() if set(found.get("counters", ())) - (wish.known or frozenset()) else SlotBusy()


def _refusal_of(slot: dict[str, Any], places: int, shares: Mapping[str, int]) -> Conflict | None:
    """Return why a slot, as it stands, does not give so many places, None when it would."""
    if slot["state"] != "open":
        return paused(slot.get("paused_reason", "")) if slot["state"] == "paused" else SlotClosed()
    if slot["left"] < places:
        sold_out = DaySoldOut if slot.get("kind") == "day" else SlotSoldOut
        return sold_out(left=slot["left"])
    for name, number in shares.items():
        left = slot.get("shares", {}).get(name, {}).get("left", 0)
        if left < number:
            return ShareSoldOut(share=SHARES_ZH.get(name, name), left=left)
    return None


def settled(slot: str, hold: ObjectId | str) -> None:
    """Note in this process that the order of `hold` is stored; the next take removes its note."""
    _settled[slot].append(str(hold))


def forget(slot: str, hold: ObjectId | str) -> bool:
    """Remove the note of a hold whose order is stored; return whether it was there."""
    change = {"$unset": {f"pending.{hold}": ""}}
    query = {"_id": slot, f"pending.{hold}": {"$exists": True}}
    return bool(Slot._get_collection().update_one(query, change).matched_count)


def return_hold(wish: Take, hold: ObjectId | str) -> bool:
    """Give back a hold that has no order, once; return whether this call did it.

    Where the line began or ended at this very moment it did nothing, and the sweeper comes again.
    """
    note = f"pending.{hold}"
    return _come_back(wish, {note: {"$exists": True}}, {"$unset": {note: ""}}) is not None


def give_back(taken: Take, session: ClientSession) -> bool:
    """Return places inside the transaction that ends their order; return whether they are kept for the line.

    Who began the transaction wakes `checkout` after it then.
    """
    return _come_back(taken, {}, {}, session) == "kept"


def _come_back(
    taken: Take, guard: dict[str, Any], more: dict[str, Any], session: ClientSession | None = None
) -> str | None:
    """Put places back to what is `left`, or to what is `kept` where somebody waits; None when the guard held not.

    Of a day that was sold beyond its limit nothing comes back before it is at its limit.
    """
    slots, over = Slot._get_collection(), _over(taken.slot, session)
    gone = min(over, taken.places)
    counts = _counts(1, taken.places, taken.shares)
    counts["left"] -= gone
    beyond = {"quota": -gone, "over": -gone} if gone else {}
    guard = guard | ({"over": over or {"$in": [None, 0]}} if taken.slot.endswith(DAY) else {})
    nobody = {"_id": taken.slot, "waiting": {"$in": [None, 0]}, **guard}
    if slots.update_one(nobody, {"$inc": counts | beyond, **more}, session=session).matched_count:
        return "left"
    kept = {f"{path.removesuffix('left')}kept": number for path, number in counts.items()}
    change = {"$inc": kept | beyond, "$push": told(taken.slot), **more}
    waited = {"_id": taken.slot, "waiting": {"$gt": 0}, **guard}
    return "kept" if slots.update_one(waited, change, session=session).matched_count else None


def _over(slot: str, session: ClientSession | None) -> int:
    """Return by how much more of a day is sold than its limit allows."""
    if not slot.endswith(DAY):
        return 0
    found = Slot._get_collection().find_one({"_id": slot}, {"over": 1}, session=session) or {}
    return int(found.get("over") or 0)


def told(slot: str) -> dict[str, Any]:
    """Return the push that tells the line of a slot that something changed; the newest word stands for all before."""
    return {"outbox": {"$each": [outbox.entry("checkout", "booking.offer_waiting", slot=slot)], "$slice": -1}}


def take_again(wish: Take, session: ClientSession) -> bool:
    """Take places inside the transaction that revives an order; return whether there were any."""
    change = {"$inc": _counts(-1, wish.places, wish.shares)}
    guard = _guard(wish.slot, wish.places, wish.shares, wish.known)
    return bool(Slot._get_collection().update_one(guard, change, session=session).matched_count)


def open_up(slot: dict[str, Any]) -> bool:
    """Make a slot that does not exist yet; return whether it was made."""
    shares = {name: {"quota": quota, "left": quota} for name, quota in slot.get("shares", {}).items()}
    record = {"resource": WHOLE, **slot, "left": slot["quota"], "state": "open", "pending": {}}
    if shares:
        record["shares"] = shares
    made = Slot._get_collection().update_one({"_id": slot["_id"]}, {"$setOnInsert": record}, upsert=True)
    return made.upserted_id is not None


def close(slot: str, reason: str) -> bool:
    """Stop sales of a slot; return whether it was open.

    Raises:
        NotFound: no such slot.
    """
    change = {"$set": {"state": "closed", "closed_reason": reason}, "$push": told(slot)}
    if Slot._get_collection().update_one({"_id": slot, "state": {"$ne": "closed"}}, change).matched_count:
        return True
    read(slot)
    return False


def reopen(slot: str) -> bool:
    """Sell a closed slot again; return whether it was closed.

    Raises:
        NotFound: no such slot.
    """
    change = {"$set": {"state": "open"}, "$unset": {"closed_reason": ""}}
    if Slot._get_collection().update_one({"_id": slot, "state": "closed"}, change).matched_count:
        return True
    read(slot)
    return False


def pause(place: str, day: str, reason: str, *, resource: str = WHOLE) -> int:
    """Sell nothing more of a place as a whole, or of a resource, on a day, for a while; return how many this stopped.

    What was sold stays sold. Slots that were closed stay closed.
    """
    query = {"place": place, "resource": resource, "day": day, "state": "open"}
    change = {"$set": {"state": "paused", "paused_reason": reason}}
    return Slot._get_collection().update_many(query, change).modified_count


def standing_still(place: str, day: str) -> int:
    """Return how many slots of a place as a whole are paused on a day."""
    query = {"place": place, "resource": WHOLE, "day": day, "state": "paused", "kind": {"$ne": "day"}}
    return Slot._get_collection().count_documents(query)


def resume(place: str, day: str, *, resource: str = WHOLE) -> int:
    """Sell again what `pause` stopped; return how many slots."""
    query = {"place": place, "resource": resource, "day": day, "state": "paused"}
    change = {"$set": {"state": "open"}, "$unset": {"paused_reason": ""}}
    return Slot._get_collection().update_many(query, change).modified_count
