"""A waiting entry (候补): a party that wants one slot together, all or nothing, when places come back.

    waiting ──offer──▶ offered ──issued──▶ taken
       │                  ├──no answer in time──▶ expired
       └──given up, slot closed or begun, a visitor booked otherwise──▶ gone ◀──given up──┘

The id is that of the order which an offer makes: `order` is that order as it will be, with its lines sealed as such.
While the entry lives it has `claims`: one entry an account and slot, and no visitor in two of them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents
from models.booking import order, slot_line
from models.booking.slot import Take
from models.messaging import notice

COLLECTION = "waiting_entries"
LIVE = ("waiting", "offered")
STATE_ZH = {"waiting": "候补中", "offered": "待确认", "taken": "已预约", "expired": "已过期", "gone": "已结束"}
REASON_ZH = {
    "given_up": "您已放弃候补",
    "expired": "未在时限内确认,名额已转给下一位",
    "slot_closed": "该时段已停止预约",
    "slot_over": "该时段即将开始,候补结束;如有名额可直接预约",
    "booked_elsewhere": "有游客已另行预约,整单候补无法安排",
    "not_allowed": "有游客因多次爽约暂不能预约免费门票",
}
MOST_OF_AN_ACCOUNT = 10
MOST_IN_LINE = slot_line.MOST
KEPT = timedelta(days=30)
"""How long an entry that has ended can be looked up; it names no visitor then."""
DUE = timedelta(minutes=10)
"""The line of a slot ends so long before it begins: an offer needs time to be answered."""


class WaitingEntry(Document):
    """`counters` are the slots whose lines it stands in, its own first; `seq` is its number there.

    `passed` counts how often others were served before it; until `collect_until` places are collected for it.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["claims"], "unique": True, "partialFilterExpression": {"claims": {"$exists": True}}},
            {"fields": ["counters", "state", "seq"]},
            {"fields": ["account", "-_id"]},
            {"fields": ["order.visitors.person"], "sparse": True},
            {"fields": ["forget_at"], "expireAfterSeconds": 0},
        ],
    }
    account = ObjectIdField(required=True)
    place = StringField(required=True)
    place_zh = StringField(required=True)
    slot = StringField(required=True)
    day = StringField(required=True)
    start = IntField(required=True)
    end = IntField(required=True)
    counters = ListField(StringField())
    size = IntField(required=True)
    total_fen = IntField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    seq = IntField(required=True)
    order = DictField()
    claims = ListField(BinaryField())
    idempotency = DictField()
    passed = IntField()
    collect_until = DateTimeField()
    joined_at = DateTimeField(required=True)
    until = DateTimeField()
    ended_at = DateTimeField()
    reason = StringField(choices=tuple(REASON_ZH))
    forget_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "候补登记",
        accounts=("account",),
        persons=("order.visitors.person",),
        sealed=(
            Sealed("order.visitors.name", record="{_id}:{#}", place="orders.visitors.name"),
            Sealed("order.visitors.evidence", record="{_id}:{#}", place="orders.visitors.evidence", own=True),
        ),
        traces=(
            "order.visitors.document",
            "order.visitors.age_band",
            "order.visitors.inspect",
            "order.visitors.needs_guardian",
        ),
        busy=lambda: {"state": {"$in": list(LIVE)}},
    )
)


class AlreadyWaiting(Conflict):
    """409: the account or one of the visitors waits for this slot."""

    code = "already_waiting"
    zh = "您或其中的游客已在该时段候补,每人每时段限一次;请在“我的候补”中查看。"
    en = "You or one of the visitors waits for this slot already. Look at your waiting list."


class TooManyWaiting(Conflict):
    """409: the account waits for as many slots as one may."""

    code = "too_many_waiting"
    zh = "每个账号最多同时候补 {most} 个时段,请先放弃不需要的候补。"
    en = "An account may wait for {most} slots at once. Give one up first."


def claims_of(slot: str, account: ObjectId, persons: Sequence[ObjectId]) -> list[bytes]:
    """Return the values whose uniqueness means: this account, and each of these persons, waits once for a slot."""
    texts = [f"{slot}\x00account\x00{account}", *(f"{slot}\x00{person}" for person in persons)]
    return [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]


def insert(record: dict[str, Any], session: ClientSession) -> None:
    """Store a new entry.

    Raises:
        DuplicateKeyError: the account or a visitor waits for the slot already.
    """
    WaitingEntry._get_collection().insert_one(record, session=session)


def read(entry: ObjectId, *, account: ObjectId | None = None, session: ClientSession | None = None) -> dict[str, Any]:
    """Return an entry, only if it is the account's when one is given.

    Raises:
        NotFound: no such entry in that scope.
    """
    query = {"_id": entry} | ({} if account is None else {"account": account})
    return documents.one(WaitingEntry, query, session=session)


def by_key(account: ObjectId, key: bytes) -> dict[str, Any] | None:
    """Return the newest entry that an account made with an idempotency key."""
    query = {"account": account, "idempotency.key": key}
    return WaitingEntry._get_collection().find_one(query, sort=[("_id", -1)])


def require_few(account: ObjectId) -> None:
    """Check that an account may wait for one more slot.

    Raises:
        TooManyWaiting: it may not.
    """
    newest = WaitingEntry._get_collection().find({"account": account}, {"state": 1}).sort("_id", -1).limit(200)
    if sum(one["state"] in LIVE for one in newest) >= MOST_OF_AN_ACCOUNT:
        raise TooManyWaiting(most=MOST_OF_AN_ACCOUNT)


def line(slot: str, *, session: ClientSession | None = None, most: int = 1_000) -> list[dict[str, Any]]:
    """Return who waits for a slot, the first in line first, without their visitors."""
    query = {"counters": slot, "state": "waiting"}
    found = WaitingEntry._get_collection().find(query, {"order.visitors": 0}, session=session)
    return list(found.sort("seq", 1).limit(most))


def takes(found: Mapping[str, Any]) -> list[Take]:
    """Return what an entry waits for."""
    return order.takes(found["order"])


def starts(found: Mapping[str, Any]) -> Any:
    """Return the instant at which the slot of an entry begins."""
    return clock.at(clock.date_of(found["day"]), found["start"])


def offered(entry: ObjectId, until: Any, session: ClientSession) -> bool:
    """Note that an entry has an offer until an instant; return whether it was waiting."""
    guard = {"_id": entry, "state": "waiting"}
    change = {"$set": {"state": "offered", "until": until}}
    return bool(WaitingEntry._get_collection().update_one(guard, change, session=session).matched_count)


def passed_over(found: Mapping[str, Any], most: int, collect: timedelta, now: Any, session: ClientSession) -> None:
    """Note that others were served before an entry; the `most`-th time places begin to be collected for it."""
    change: dict[str, Any] = {"$inc": {"passed": 1}}
    if found.get("passed", 0) + 1 >= most and "collect_until" not in found:
        change["$set"] = {"collect_until": min(now + collect, starts(found) - DUE)}
    guard = {"_id": found["_id"], "state": "waiting"}
    WaitingEntry._get_collection().update_one(guard, change, session=session)


def leave(found: Mapping[str, Any], reason: str, session: ClientSession) -> bool:
    """End an entry that waits and let it leave the line; return whether it waited. Who did not ask for it is told."""
    if not _end(found["_id"], ("waiting",), "gone", reason, session):
        return False
    slot_line.leave(found["counters"], session)
    if reason != "given_up":
        _tell(found, reason, session)
    return True


def order_ended(was: Mapping[str, Any], state: str, session: ClientSession) -> None:
    """Let the entry of an offer end with its order, in the transaction that ends it; other orders have none."""
    if not was.get("from_waiting"):
        return
    if state == "expired" and _end(was["_id"], ("offered",), "expired", "expired", session):
        _tell(read(was["_id"], session=session), "expired", session)
    elif state == "cancelled":
        closed = slot_line.read([was["slot"]], session)[was["slot"]]["state"] == "closed"
        _end(was["_id"], ("offered",), "gone", "slot_closed" if closed else "given_up", session)


def order_issued(was: Mapping[str, Any], session: ClientSession) -> None:
    """Let the entry of an offer be taken with its order; a payment may come after the time."""
    if was.get("from_waiting"):
        _end(was["_id"], ("offered", "expired"), "taken", "", session)


def _end(entry: ObjectId, from_states: tuple[str, ...], state: str, reason: str, session: ClientSession) -> bool:
    now = clock.now()
    told = {"state": state, "ended_at": now, "forget_at": now + KEPT} | ({"reason": reason} if reason else {})
    unset = {"order": "", "claims": ""} | ({} if reason else {"reason": ""})
    guard = {"_id": entry, "state": {"$in": list(from_states)}}
    change = {"$set": told, "$unset": unset}
    return bool(WaitingEntry._get_collection().update_one(guard, change, session=session).matched_count)


def _tell(found: Mapping[str, Any], reason: str, session: ClientSession) -> None:
    told = about(found) | {"reason": REASON_ZH[reason]}
    notice.tell(found["account"], "waiting_ended", key=str(found["_id"]), values=told, session=session)


def about(found: Mapping[str, Any]) -> dict[str, str]:
    """Return what notices say of an entry."""
    hours = "~".join(f"{found[name] // 60:02d}:{found[name] % 60:02d}" for name in ("start", "end"))
    return {"place": found["place_zh"], "day": found["day"], "time": hours}
