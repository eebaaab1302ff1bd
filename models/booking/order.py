"""An order: places of one slot for named visitors, held for a while, then issued or given back.

    held ──issue──▶ issued ──cancel──▶ cancelled
      │ └─cancel──▶ cancelled
      └──expire──▶ expired ──revive (a late payment found a place)──▶ issued

One insert carries the order, its idempotency key, its claims (how often a person may book) and what must follow it.
The id is the id of the hold in every slot that it takes from; `takes` is what it holds of them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding, Sealed
from backend.store.combining import Combiner, insert_all
from models.booking.slot import Take

COLLECTION = "orders"
CHANNELS = ("mini", "window", "kiosk")
STATES = ("held", "issued", "cancelled", "expired", "abandoned")
outbox.carried_by(COLLECTION)


class Order(Document):
    """`visitors` holds person ids, sealed names, class, price and age band; `claims` exists while the order is live.

    A visitor who was given a concession has `evidence`: the sealed record of that decision. One who was cancelled alone
    has `cancelled`, and `parts` say what of the money goes back for such visitors (`cancel_visitors.py`), or for an
    extra that has `cancelled` (`cancel_extras.py`). `contact` is the sealed number that who bought at a window left;
    `to_tell` names the place while somebody must be told of a closing there.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["idempotency.key"],
                "unique": True,
                "partialFilterExpression": {"idempotency.key": {"$exists": True}},
            },
            {"fields": ["claims"], "unique": True, "partialFilterExpression": {"claims": {"$exists": True}}},
            {"fields": ["account", "-_id"]},
            {"fields": ["takes.slot", "state", "_id"]},
            {"fields": ["place", "day", "state", "_id"]},
            {"fields": ["visitors.person"], "sparse": True},
            {
                "fields": ["to_tell.place", "_id"],
                "partialFilterExpression": {"to_tell.place": {"$exists": True}},
            },
            outbox.INDEX,
        ],
    }
    account = ObjectIdField()
    channel = StringField(choices=CHANNELS)
    place = StringField()
    slot = StringField(required=True)
    resource = StringField()
    takes = ListField(DictField())
    day = StringField()
    start = IntField()
    end = IntField()
    places = IntField(required=True)
    visitors = ListField(DictField())
    extras = ListField(DictField())
    total_fen = IntField()
    state = StringField(choices=STATES, required=True)
    hold_until = DateTimeField()
    claims = ListField(BinaryField())
    limits = ListField(DictField())
    idempotency = DictField()
    payment = ObjectIdField()
    cash = DictField()
    refund = DictField()
    parts = ListField(DictField())
    terms = DictField()
    history = ListField(DictField())
    from_waiting = BooleanField()
    released = BooleanField()
    contact = BinaryField()
    to_tell = DictField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "订单及游客姓名",
        accounts=("account",),
        persons=("visitors.person",),
        sealed=(
            Sealed("visitors.name", record="{_id}:{#}"),
            Sealed("visitors.evidence", record="{_id}:{#}", own=True),
            Sealed("contact", secret=True),
        ),
        traces=("visitors.document", "visitors.age_band", "visitors.inspect", "visitors.needs_guardian"),
        at_deletion="restrict",
        because="会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 原始凭证保管 30 年",
        busy=lambda: {
            "$or": [
                {"state": {"$in": ["held", "issued"]}, "day": {"$gte": clock.today().isoformat()}},
                {"refund.state": {"$in": ["requested", "processing"]}},
                {"parts.state": {"$in": ["requested", "processing"]}},
            ]
        },
    )
)


class AlreadyBooked(Conflict):
    """409: one of the visitors has a ticket for this place and day."""

    code = "visitor_already_booked"
    zh = "有游客当天已预约过这个景点,每人每天每景点限约一次;请更换游客或日期。"
    en = "One visitor already has a ticket for this place on that day. Choose another visitor or day."


class TooOften(Conflict):
    """409: one of the visitors has booked as often as the place allows within a week or month."""

    code = "visitor_booked_too_often"
    zh = "有游客在本{period}内的预约已达 {most} 次上限,请更换游客或日期。"
    en = "One visitor has booked {most} times within this {period_en} already. Choose another visitor or date."


class Overlapping(AlreadyBooked):
    """409: one of the visitors is booked elsewhere at this time."""

    code = "visitor_booked_elsewhere"
    zh = "有人员在这个时间已有另一场预约,同一时间每人只能约一处;请更换人员或时间。"
    en = "One visitor is booked elsewhere at this time. Choose another visitor or time."


class HoldLost(Conflict):
    """409: the hold was given back before its order arrived."""

    code = "hold_lost"
    zh = "提交超时,名额已退回,请用同一请求再提交一次。"
    en = "This took too long and the places were given back. Send the same request again."


class OrderStateWrong(Conflict):
    """409: the order is not in a state that allows this."""

    code = "order_state_wrong"
    zh = "订单当前状态({state})不能这样操作,请刷新后查看。"
    en = "The order is {state}; this is not possible now. Refresh and look again."


ONE_A_DAY = ({"period": "day", "most": 1},)
"""How often one person may book a place that says nothing about it."""
PERIODS = {"day": ("日", "day"), "week": ("周", "week"), "month": ("月", "month")}
CELL = 30
"""Minutes: a limit of the period `slot` lets a person be at so many places in each of these parts of a day."""
Claims = list[tuple[Mapping[str, Any], list[bytes]]]
"""Limits, each with the claims that would do."""


def claim(place: str, period: str, person: ObjectId, number: int = 0) -> bytes:
    """Return the value whose uniqueness means: this is the person's `number`-th booking of a place within a period."""
    text = f"{place}\x00{period}\x00{person}" + (f"\x00{number}" if number else "")
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _period(day: str, name: str) -> str:
    at = clock.date_of(day)
    if name == "week":
        year, week, _ = at.isocalendar()
        return f"{year}-W{week:02d}"
    return day if name == "day" else day[:7]


def claimable(place: str, day: str, person: ObjectId, limit: Mapping[str, Any]) -> list[bytes]:
    """Return all claims that one limit leaves to a person: as many as the bookings that it allows."""
    period = _period(day, limit["period"])
    return [claim(place, period, person, number) for number in range(limit["most"])]


def claims(
    place: str,
    day: str,
    persons: Sequence[ObjectId],
    limits: Sequence[Mapping[str, Any]] = ONE_A_DAY,
    *,
    span: tuple[int, int] = (0, 0),
    shares: Sequence[str] = (),
) -> list[bytes]:
    """Return a free claim of every limit for every person; an insert decides whether they still are.

    `span` are the minutes of the day that the visit lasts, `shares` what each person takes of; a limit that names a
    share is one of those who take of it.

    Raises:
        AlreadyBooked, TooOften, Overlapping: a person has none left.
    """
    wanted = _wanted(place, day, list(zip(persons, shares or [""] * len(persons), strict=True)), limits, span)
    if all(len(some) == 1 for _limit, some in wanted):
        return [some[0] for _limit, some in wanted]
    everything = [one for _limit, some in wanted for one in some]
    rows = Order._get_collection().find({"claims": {"$in": everything}}, {"claims": 1})
    used = {one for row in rows for one in row["claims"]}
    return [_free(limit, some, used) for limit, some in wanted]


def _wanted(
    place: str,
    day: str,
    visitors: Sequence[tuple[ObjectId, str]],
    limits: Sequence[Mapping[str, Any]],
    span: tuple[int, int],
) -> Claims:
    return [
        (limit, some)
        for person, share in visitors
        for limit in limits
        if limit.get("share", share) == share
        for some in _choices(place, day, person, limit, span)
    ]


def _choices(
    place: str, day: str, person: ObjectId, limit: Mapping[str, Any], span: tuple[int, int]
) -> list[list[bytes]]:
    """Return for each claim that a limit asks of a person those that would do; `within` joins places into one."""
    where = limit.get("within") or place
    where += f"\x00{limit['share']}" if limit.get("share") else ""
    if limit["period"] != "slot":
        return [claimable(where, day, person, limit)]
    cells = range(span[0] // CELL, -(-span[1] // CELL))
    return [[claim(where, f"{day}T{cell}", person, n) for n in range(limit["most"])] for cell in cells]


def taken(found: Mapping[str, Any], met: bytes | None) -> Conflict:
    """Return the refusal of an order of which another has the claim `met`: that of the limit that it is of."""
    limits = found.get("limits") or ONE_A_DAY
    visitors = [(one["person"], one.get("share", "")) for one in found["visitors"]]
    wanted = _wanted(found["place"], found["day"], visitors, limits, (found["start"], found["end"]))
    return too_often(next((limit for limit, some in wanted if met in some), limits[0]))


def _free(limit: Mapping[str, Any], some: list[bytes], used: set[bytes]) -> bytes:
    if found := next((one for one in some if one not in used), None):
        return found
    raise too_often(limit)


def claims_of(found: Mapping[str, Any], numbers: Sequence[int]) -> list[bytes]:
    """Return which of an order's claims are of these visitors, so that they may book again."""
    limits = found.get("limits") or ONE_A_DAY
    some = [(one.get("person"), one.get("share", "")) for n, one in enumerate(found["visitors"]) if n in numbers]
    wanted = _wanted(found["place"], found["day"], some, limits, (found["start"], found["end"]))
    theirs = {one for _limit, choices in wanted for one in choices}
    return [bytes(one) for one in found.get("claims", []) if bytes(one) in theirs]


def too_often(limit: Mapping[str, Any]) -> Conflict:
    """Return the refusal of a person who has used a limit up."""
    if limit["period"] == "slot":
        return Overlapping(fields={"visitors": [Overlapping.zh]})
    if limit["period"] == "day" and limit["most"] == 1:
        return AlreadyBooked(fields={"visitors": [AlreadyBooked.zh]})
    zh, en = PERIODS[limit["period"]]
    told = {"period": zh, "period_en": en, "most": limit["most"]}
    return TooOften(**told, fields={"visitors": [TooOften.zh.format(**told)]})


def takes(found: Mapping[str, Any]) -> list[Take]:
    """Return what an order holds of slots; one of an earlier release holds places of its one slot."""
    told = found.get("takes") or [{"slot": found["slot"], "places": found["places"]}]
    return [Take(one["slot"], one["places"], one.get("shares", {})) for one in told]


def sealed_contact(order_id: ObjectId, number: str) -> bytes:
    """Return the telephone number that somebody without an account left, as it is stored."""
    return runtime.current().sealer.seal("orders.contact", order_id, number)


def contact(found: Mapping[str, Any]) -> str:
    """Return the telephone number that somebody without an account left, empty where none was."""
    kept = found.get("contact")
    return runtime.current().sealer.open("orders.contact", found["_id"], kept) if kept else ""


def sealed_evidence(order_id: ObjectId, number: int, evidence: dict[str, Any]) -> bytes:
    """Return the record of a decision on a visitor's concession as it is stored."""
    text = orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS).decode()
    return runtime.current().sealer.seal("orders.visitors.evidence", f"{order_id}:{number}", text)


def evidence(found: dict[str, Any], number: int) -> dict[str, Any] | None:
    """Return the record of the decision on a visitor's concession, None where there was none to decide."""
    kept = found["visitors"][number].get("evidence")
    if kept is None:
        return None
    opened = runtime.current().sealer.open("orders.visitors.evidence", f"{found['_id']}:{number}", kept)
    return dict(orjson.loads(opened))


def insert(record: dict[str, Any]) -> None:
    """Store a new order.

    Raises:
        DuplicateKey: by its key, `idempotency.key`, `claims` or `_id`; see `duplicate_of`.
    """
    _inserts.run("orders", record)


_inserts: Combiner[dict[str, Any]] = Combiner(lambda _key, records: insert_all(Order._get_collection(), records))


def duplicate_of(error: DuplicateKeyError) -> str:
    """Return which uniqueness an insert met: `idempotency.key`, `claims` or `_id`."""
    return next(iter((error.details or {}).get("keyPattern", {"_id": 1})))


def claim_of(error: DuplicateKeyError) -> bytes | None:
    """Return the claim that an insert met, where the store tells it."""
    value = (error.details or {}).get("keyValue", {}).get("claims")
    return bytes(value) if value is not None else None


def by_key(key: bytes) -> dict[str, Any] | None:
    """Return the order that was made with an idempotency key."""
    return Order._get_collection().find_one({"idempotency.key": key})


def read(order_id: ObjectId, *, account: ObjectId | None = None) -> dict[str, Any]:
    """Return an order, only if it is the account's when one is given.

    Raises:
        NotFound: no such order in that scope.
    """
    query: dict[str, Any] = {"_id": order_id, "state": {"$ne": "abandoned"}}
    if account is not None:
        query["account"] = account
    found = Order._get_collection().find_one(query)
    if found is None:
        raise NotFound
    return found


def abandon(hold: ObjectId, slot: str) -> bool:
    """Make the order of a hold impossible; return False when the order is in the store already."""
    tombstone = {"_id": hold, "slot": slot, "places": 0, "state": "abandoned", "at": clock.now()}
    try:
        Order._get_collection().insert_one(tombstone)
    except DuplicateKeyError:
        found = Order._get_collection().find_one({"_id": hold}, {"state": 1})
        return bool(found and found["state"] == "abandoned")
    return True


def event(what: str, who: str, **details: Any) -> dict[str, Any]:
    """Return one line of an order's history."""
    return {"at": clock.now(), "what": what, "who": who, **details}


def move(
    order_id: ObjectId,
    from_states: tuple[str, ...],
    to_state: str,
    *,
    line: dict[str, Any],
    session: ClientSession,
    follow: list[dict[str, Any]] | None = None,
    changes: dict[str, Any] | None = None,
    release: bool = False,
) -> dict[str, Any] | None:
    """Move an order between states inside a transaction; return it as it was, None when it was in no such state.

    `follow` replaces what the outbox held; `release` lets the visitors book this place and day again.
    """
    change: dict[str, Any] = {
        "$set": {"state": to_state, "outbox": follow or [], **(changes or {})},
        "$push": {"history": {"$each": [line], "$slice": -100}},
    }
    if release:
        change["$unset"] = {"claims": ""}
    guard = {"_id": order_id, "state": {"$in": list(from_states)}}
    return Order._get_collection().find_one_and_update(guard, change, session=session)


def attach_payment(order_id: ObjectId, payment: ObjectId, now: datetime) -> bool:
    """Note the payment of a held order whose hold still runs; return whether it could be noted."""
    guard = {"_id": order_id, "state": "held", "hold_until": {"$gt": now}, "payment": {"$in": [None, payment]}}
    return bool(Order._get_collection().update_one(guard, {"$set": {"payment": payment}}).matched_count)


def refund_late(order_id: ObjectId, fen: int, *, line: dict[str, Any], follow: dict[str, Any]) -> bool:
    """Decide that the money of an ended order goes back; return whether this call did. It cannot be revived then."""
    guard = {"_id": order_id, "state": {"$in": ["expired", "cancelled"]}, "refund": None}
    change = {
        "$set": {"refund": {"fen": fen, "state": "requested"}},
        "$push": {"history": {"$each": [line], "$slice": -100}, "outbox": follow},
    }
    return bool(Order._get_collection().update_one(guard, change).matched_count)


def note(
    order_id: ObjectId,
    line: dict[str, Any],
    *,
    session: ClientSession | None = None,
    follow: Sequence[dict[str, Any]] = (),
    **changes: Any,
) -> None:
    """Add a line to the history, and with it set plain fields and send what follows."""
    change: dict[str, Any] = {"$push": {"history": {"$each": [line], "$slice": -100}}}
    if follow:
        change["$push"]["outbox"] = {"$each": list(follow)}
    if changes:
        change["$set"] = changes
    Order._get_collection().update_one({"_id": order_id}, change, session=session)
