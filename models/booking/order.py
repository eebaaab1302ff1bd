"""An order: places of one slot for named visitors, held for a while, then issued or given back.

    held ──issue──▶ issued ──cancel──▶ cancelled
      │ └─cancel──▶ cancelled
      └──expire──▶ expired ──revive (a late payment found a place)──▶ issued

One insert carries the order, its idempotency key, its claims (how often a person may book) and what must follow it.
The id is the id of the hold in every slot that it takes from; `takes` is what it holds of them.
"""

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
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents
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
    return documents.one(Order, query)


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
