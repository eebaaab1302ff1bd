"""A slot: one place, one day, one span of hours, one quota. The document is the only keeper of capacity.

`left` is what can still be sold. A taker notes its hold under `pending` in the same update; when the order of that hold
is in the store the note may go, and does so with the next taker of this process or by the sweeper. A note that finds no
order is given back once: the sweeper first makes the order impossible (`order.abandon`), then returns the places.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotFound
from backend.store.combining import Combiner, Reads

MOST_PENDING_BYTES = 1 << 16
"""Bound of `pending`: about 1,500 notes, far above the takers that can be under way at once."""
HOLD_WITHOUT_ORDER = timedelta(seconds=60)
"""After this long a hold without an order belongs to a process that died."""
_NOTES_A_TAKE = 64


class Slot(Document):
    """The id reads place, day and start: `museum-20261123-0900`. `start` and `end` are minutes of the civil day."""

    meta = {
        "collection": "slots",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["place", "day", "start"], "unique": True},
            {"fields": ["has_pending"], "sparse": True},
            {"fields": ["day"]},
        ],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    day = StringField(required=True)
    start = IntField(required=True)
    end = IntField(required=True)
    quota = IntField(required=True, min_value=0)
    left = IntField(required=True, min_value=0)
    state = StringField(choices=("open", "closed"), required=True)
    classes = ListField(DictField())
    terms = DictField()
    pending = DictField()
    has_pending = BooleanField()
    closed_reason = StringField()


class SlotSoldOut(Conflict):
    """409: not enough places left."""

    code = "slot_sold_out"
    zh = "该时段余票不足(剩 {left} 个名额),请换一个时段或减少人数。"
    en = "Only {left} places are left in this slot. Choose another slot or fewer visitors."


class SlotClosed(Conflict):
    """409: the slot takes no bookings."""

    code = "slot_closed"
    zh = "该时段已停止预约,请换一个时段。"
    en = "This slot takes no bookings. Choose another one."


class SlotOver(Conflict):
    """409: the slot has ended."""

    code = "slot_over"
    zh = "该时段已结束,请预约之后的时段。"
    en = "This slot is over. Choose a later one."


class SlotBusy(Conflict):
    """409: too many bookings of this slot are under way at this moment."""

    code = "slot_busy"
    zh = "预约的人较多,请几秒后重试,名额未被占用。"
    en = "Many people are booking this slot. Try again in a few seconds; nothing was taken."


_settled: defaultdict[str, deque[str]] = defaultdict(deque)


def slot_id(place: str, day: str, start: int) -> str:
    """Return the id of a slot of `place` on `day` (YYYY-MM-DD) that begins at minute `start`."""
    return f"{place}-{day.replace('-', '')}-{start // 60:02d}{start % 60:02d}"


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
        SlotOver, SlotClosed, SlotSoldOut: as the slot stands.
    """
    if clock.at(clock.date_of(slot["day"]), slot["end"]) <= clock.now():
        raise SlotOver
    if slot["state"] != "open":
        raise SlotClosed
    if slot["left"] < places:
        raise SlotSoldOut(left=slot["left"])


def take(slot: str, places: int, hold: ObjectId) -> None:
    """Take `places` for `hold`, at once or not at all: one guarded update decides.

    Raises:
        SlotSoldOut, SlotClosed, SlotBusy: nothing was taken.
    """
    _takes.run(slot, (places, hold))


def _take_all(slot: str, wishes: Sequence[tuple[int, ObjectId]]) -> list[Conflict | None]:
    """Take for all wishes in one update; when they do not fit together, each for itself, in the order they came."""
    if _try_take(slot, wishes):
        return [None] * len(wishes)
    if len(wishes) == 1:
        return [_refusal(slot, wishes[0][0])]
    return [None if _try_take(slot, [wish]) else _refusal(slot, wish[0]) for wish in wishes]


def _try_take(slot: str, wishes: Sequence[tuple[int, ObjectId]]) -> bool:
    places, now = sum(wish[0] for wish in wishes), clock.now()
    guard = {
        "_id": slot,
        "state": "open",
        "left": {"$gte": places},
        "$expr": {"$lt": [{"$bsonSize": "$pending"}, MOST_PENDING_BYTES]},
    }
    notes: dict[str, Any] = {f"pending.{hold}": [number, now] for number, hold in wishes}
    change: dict[str, Any] = {"$inc": {"left": -places}, "$set": {**notes, "has_pending": True}}
    if done := _take_settled(slot):
        change["$unset"] = {f"pending.{note}": "" for note in done}
    if Slot._get_collection().update_one(guard, change).matched_count:
        return True
    _settled[slot].extend(done)
    return False


_takes: Combiner[tuple[int, ObjectId]] = Combiner(_take_all)


def _take_settled(slot: str) -> list[str]:
    done: list[str] = []
    notes = _settled[slot]
    while notes and len(done) < _NOTES_A_TAKE:
        try:
            done.append(notes.popleft())
        except IndexError:
            break
    return done


def _refusal(slot: str, places: int) -> Conflict:
    now = read(slot)
    if now["state"] != "open":
        return SlotClosed()
    return SlotSoldOut(left=now["left"]) if now["left"] < places else SlotBusy()


def settled(slot: str, hold: ObjectId | str) -> None:
    """Note in this process that the order of `hold` is stored; the next take removes its note."""
    _settled[slot].append(str(hold))


def forget(slot: str, hold: ObjectId | str) -> bool:
    """Remove the note of a hold whose order is stored; return whether it was there."""
    change = {"$unset": {f"pending.{hold}": ""}}
    query = {"_id": slot, f"pending.{hold}": {"$exists": True}}
    return bool(Slot._get_collection().update_one(query, change).matched_count)


def return_hold(slot: str, hold: ObjectId | str, places: int) -> bool:
    """Give back a hold that has no order, once; return whether this call did it."""
    change = {"$inc": {"left": places}, "$unset": {f"pending.{hold}": ""}}
    query = {"_id": slot, f"pending.{hold}": {"$exists": True}}
    return bool(Slot._get_collection().update_one(query, change).matched_count)


def give_back(slot: str, places: int, session: ClientSession) -> None:
    """Return places inside the transaction that ends their order."""
    Slot._get_collection().update_one({"_id": slot}, {"$inc": {"left": places}}, session=session)


def take_again(slot: str, places: int, session: ClientSession) -> bool:
    """Take places inside the transaction that revives an order; return whether there were any."""
    guard = {"_id": slot, "state": "open", "left": {"$gte": places}}
    change = {"$inc": {"left": -places}}
    return bool(Slot._get_collection().update_one(guard, change, session=session).matched_count)


def open_up(slot: dict[str, Any]) -> bool:
    """Make a slot that does not exist yet; return whether it was made."""
    record = {**slot, "left": slot["quota"], "state": "open", "pending": {}}
    made = Slot._get_collection().update_one({"_id": slot["_id"]}, {"$setOnInsert": record}, upsert=True)
    return made.upserted_id is not None


def close(slot: str, reason: str) -> bool:
    """Stop sales of a slot; return whether it was open.

    Raises:
        NotFound: no such slot.
    """
    change = {"$set": {"state": "closed", "closed_reason": reason}}
    if Slot._get_collection().update_one({"_id": slot, "state": "open"}, change).matched_count:
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
