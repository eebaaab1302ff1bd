"""A refund of a payment, in whole or in part. Amounts are integers of 分.

    requested ──▶ processing ──▶ succeeded
        │            ├─────────▶ abnormal ──send on──▶ processing ──▶ succeeded | abnormal | returned
        │            └─────────▶ closed ───┐
        └──────────────────────▶ refused ──┴──again──▶ requested, under another number
                                 closed | refused | returned ──▶ paid_elsewhere

`refund_send.py` speaks with WeChat. What is not on its way to the payer waits for a person (`refund_work.py`).
`returned` is money that WeChat sent to the county's own bank account, because the payer's could not take it.

The sum of the refunds never exceeds the payment: the reservation and the refund are one transaction, and another number
for a refund that WeChat closed reserves nothing more.
"""

from typing import Any

import structlog
from bson import ObjectId
from mongoengine import (
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

from backend import clock, metrics, outbox, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.payments import payment

log = structlog.get_logger()

COLLECTION = "refunds"
FINAL = {"SUCCESS": "succeeded", "ABNORMAL": "abnormal", "CLOSED": "closed"}
NEEDING_A_PERSON = ("abnormal", "closed", "refused", "returned")
REPEATED = ("closed", "refused")
"""Nothing of it reached the payer and nothing is on its way, so that it may be asked for again."""
STATES = ("requested", "processing", "succeeded", *NEEDING_A_PERSON, "paid_elsewhere")
MOST_NUMBERS = 20
MOST_PARTS = 50
"""WeChat Pay refunds one order in so many parts."""
outbox.carried_by(COLLECTION)


class Refund(Document):
    """The id reads payment and part (`<payment>-order`), so that the same refund cannot be asked for twice.

    `number` is what WeChat knows it by, once that is not the id; `former` are those that WeChat closed or refused.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            "payment",
            {"fields": ["state", "_id"]},
            {"fields": ["succeeded_at"], "sparse": True},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    payment = ObjectIdField(required=True)
    amount_fen = IntField(required=True, min_value=1)
    reason = StringField(required=True)
    on_done = DictField()
    state = StringField(choices=STATES, required=True)
    number = StringField()
    former = ListField(StringField())
    sent_to = StringField(choices=("card", "merchant"))
    refusal = StringField()
    short_since = DateTimeField()
    worked = BooleanField()
    elsewhere = DictField()
    refund_id = StringField()
    polls = IntField()
    requested_at = DateTimeField(required=True)
    succeeded_at = DateTimeField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "退款记录",
        via=(("payment", "payments"),),
        at_deletion="keep",
        because="只含支付编号和金额; 会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 原始凭证保管 30 年",
    )
)


class RefundTooLarge(Conflict):
    """409: more than was paid would go back."""

    code = "refund_exceeds_payment"
    zh = "退款金额超过可退余额,请核对后再试。"
    en = "The refund is larger than what is left of the payment."


class TooManyParts(Conflict):
    """409: WeChat Pay gives one payment back in fifty parts at most."""

    code = "refund_too_many_parts"
    zh = "该笔付款退款次数已达上限,请一次办理剩余退款或到窗口办理。"
    en = "This payment was refunded in as many parts as WeChat Pay allows."


def id_of(number: str) -> str:
    """Return the id of the refund that WeChat knows by a number."""
    return number.partition("*")[0]


def number_of(found: dict[str, Any]) -> str:
    """Return the number by which WeChat knows a refund at present."""
    return str(found.get("number") or found["_id"])


def request(payment_id: ObjectId, part: str, *, fen: int, reason: str, on_done: dict[str, Any]) -> str:
    """Ask for a refund of one part of a payment, once; return its id. The queue sends it.

    Raises:
        RefundTooLarge: the payment is not paid, or less is left of it.
        TooManyParts: WeChat Pay would not take another part.
    """
    refund_id = f"{payment_id}-{part}"
    record = {
        "_id": refund_id,
        "payment": payment_id,
        "amount_fen": fen,
        "reason": reason,
        "on_done": on_done,
        "state": "requested",
        "polls": 0,
        "requested_at": clock.now(),
        "outbox": [outbox.entry("checkout", "payments.send_refund", refund=refund_id)],
    }

    def change(session: ClientSession) -> None:
        Refund._get_collection().insert_one(record, session=session)
        counted = payment.count_refund(payment_id, fen, session)
        if counted is None:
            raise RefundTooLarge
        if counted.get("refund_parts", 0) > MOST_PARTS:
            raise TooManyParts

    try:
        transactions.run(change)
    except DuplicateKeyError:
        return refund_id
    outbox.wake("checkout")
    return refund_id


def read(refund_id: str) -> dict[str, Any]:
    """Return a refund.

    Raises:
        NotFound: no such refund.
    """
    return documents.one(Refund, {"_id": refund_id})


def of_payment(payment_id: ObjectId) -> list[dict[str, Any]]:
    """Return the refunds of a payment."""
    return list(Refund._get_collection().find({"payment": payment_id}, {"outbox": 0}).sort("_id", 1))


def finish(number: str, state: str, wechat_id: str) -> bool:
    """Take note of how a refund ended, once; tell the domain that asked for it. Return whether this call did it.

    `number` is WeChat's name of it: what is told of a number that was given up says nothing of the one after it.
    """
    found = read(id_of(number))
    if number != number_of(found):
        if state == "succeeded":  # it had been proved closed: a person must see that the payer may have it twice
            metrics.ALARMS.labels("refund_number_came_back").inc()
            log.error("refund_number_came_back", refund=found["_id"], number=number)
        return False
    if state == "succeeded" and found.get("sent_to") == "merchant":
        state = "returned"
    change = {"state": state, "refund_id": wechat_id, **followed(found, state)}
    if state in {"succeeded", "returned"}:
        change["succeeded_at"] = clock.now()
        change["outbox"].append(outbox.entry("bills", "payments.post_refund", refund=found["_id"]))
    guard = {
        "_id": found["_id"],
        "number": found.get("number"),
        "state": {"$in": ["requested", "processing", "abnormal", "closed", "refused"], "$ne": state},
    }
    done = bool(Refund._get_collection().update_one(guard, {"$set": change}).matched_count)
    if done:
        heard(found["_id"], state)
    return done


def followed(found: dict[str, Any], state: str) -> dict[str, Any]:
    """Return what follows a refund's end: the domain is told, and a person where one is or was needed."""
    told = [{**found["on_done"], "id": ObjectId(), "due": clock.now(), "tries": 0}] if found["on_done"] else []
    if state not in NEEDING_A_PERSON and not found.get("worked"):
        return {"outbox": told}
    return {"worked": True, "outbox": [*told, outbox.entry("bills", "payments.refund_work", refund=found["_id"])]}


def heard(refund_id: str, state: str) -> None:
    """Say in log and alarms how a refund went on, and wake who follows."""
    if state in NEEDING_A_PERSON:
        metrics.ALARMS.labels(f"refund_{state}").inc()
    log.info("refund_finished", refund=refund_id, state=state)
    outbox.wake("checkout")
    outbox.wake("bills")


def again(found: dict[str, Any], session: ClientSession) -> bool:
    """Ask for a refund that was proved given up under another number; return whether this call does.

    Raises:
        TooManyParts: it was tried too often.
    """
    former = [*found.get("former", []), number_of(found)]
    if len(former) >= MOST_NUMBERS:
        raise TooManyParts
    follow = outbox.entry("checkout", "payments.send_refund", refund=found["_id"])
    change = {
        "$set": {"state": "requested", "number": f"{found['_id']}*{len(former)}", "former": former, "outbox": [follow]},
        "$unset": {"refund_id": "", "refusal": ""},
    }
    guard = {"_id": found["_id"], "state": {"$in": list(REPEATED)}, "number": found.get("number")}
    return bool(Refund._get_collection().update_one(guard, change, session=session).matched_count)


def sent_on(refund_id: str, to: str, session: ClientSession) -> bool:
    """Note that an abnormal refund was sent on to a card of the payer, or to the merchant; return whether it was so."""
    follow = outbox.entry("checkout", "payments.send_refund", refund=refund_id)
    change = {"$set": {"state": "processing", "sent_to": to, "polls": 0, "outbox": [follow]}}
    guard = {"_id": refund_id, "state": "abnormal"}
    return bool(Refund._get_collection().update_one(guard, change, session=session).matched_count)


def pay_elsewhere(found: dict[str, Any], told: dict[str, Any], session: ClientSession) -> bool:
    """Note that the payer has the money of a refund another way, once; return whether this call did."""
    change = {"state": "paid_elsewhere", "elsewhere": told, **followed(found, "paid_elsewhere")}
    change["outbox"].append(outbox.entry("bills", "payments.post_refund", refund=found["_id"]))
    guard = {"_id": found["_id"], "state": {"$in": [*REPEATED, "returned"]}, "number": found.get("number")}
    return bool(Refund._get_collection().update_one(guard, {"$set": change}, session=session).matched_count)


def needing_a_person(*, most: int = 100) -> list[dict[str, Any]]:
    """Return refunds that ended without reaching the payer."""
    query = {"state": {"$in": list(NEEDING_A_PERSON)}}
    return list(Refund._get_collection().find(query, {"outbox": 0}).sort("_id", 1).limit(most))
