"""A refund of a payment, in whole or in part. Amounts are integers of 分.

    requested ──▶ processing ──▶ succeeded
        └────────────┴─────────▶ abnormal | closed   (a person must look: work items of the tourism office)

The sum of the refunds never exceeds the payment: the reservation and the refund are one transaction.
"""

from typing import Any

import structlog
from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, metrics, outbox, personal_data, runtime
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding
from backend.store import transactions
from backend.wechat import pay_values
from backend.wechat.errors import PaymentRefused
from models.payments import payment

log = structlog.get_logger()

COLLECTION = "refunds"
FINAL = {"SUCCESS": "succeeded", "ABNORMAL": "abnormal", "CLOSED": "closed"}
POLL_SECONDS = (60, 60, 60, 300, 600, 1200, 1800)
outbox.carried_by(COLLECTION)


class Refund(Document):
    """The id reads payment and part (`<payment>-order`), so that the same refund cannot be asked for twice."""

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
    state = StringField(choices=("requested", "processing", "succeeded", "abnormal", "closed"), required=True)
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


def request(payment_id: ObjectId, part: str, *, fen: int, reason: str, on_done: dict[str, Any]) -> str:
    """Ask for a refund of one part of a payment, once; return its id. The queue sends it.

    Raises:
        RefundTooLarge: the payment is not paid, or less is left of it.
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
        if payment.count_refund(payment_id, fen, session) is None:
            raise RefundTooLarge

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
    found = Refund._get_collection().find_one({"_id": refund_id})
    if found is None:
        raise NotFound
    return found


def send(refund_id: str) -> None:
    """Ask WeChat to refund, or how far it is; repeating it is safe, the number at WeChat stays the same.

    Raises:
        outbox.Later: not final yet.
    """
    found = read(refund_id)
    if found["state"] in FINAL.values():
        return
    answer = _ask(found)
    if answer is None or answer.status not in FINAL:
        _processing(found, answer)
    finish(refund_id, FINAL[answer.status], answer.refund_id)  # type: ignore[union-attr]


def _ask(found: dict[str, Any]) -> pay_values.Refund | None:
    pay = runtime.current().pay
    if found["state"] == "processing":
        return pay.query_refund(found["_id"])
    paid = payment.read(found["payment"])
    try:
        return pay.refund(
            transaction_id=paid["transaction_id"],
            out_refund_no=found["_id"],
            refund_fen=found["amount_fen"],
            total_fen=paid["amount_fen"],
            reason=found["reason"],
            notify_url=payment.notify_url(),
        )
    except PaymentRefused as refusal:
        if refusal.errcode == "RESOURCE_NOT_EXISTS":  # seen to pass by itself shortly after a payment
            raise outbox.Later(30) from None
        raise


def _processing(found: dict[str, Any], answer: pay_values.Refund | None) -> None:
    change: dict[str, Any] = {"$inc": {"polls": 1}}
    if answer:
        change["$set"] = {"state": "processing", "refund_id": answer.refund_id}
    guard = {"_id": found["_id"], "state": {"$in": ["requested", "processing"]}}
    Refund._get_collection().update_one(guard, change)
    raise outbox.Later(POLL_SECONDS[min(found["polls"], len(POLL_SECONDS) - 1)])


def finish(refund_id: str, state: str, wechat_id: str) -> bool:
    """Take note of how a refund ended, once; tell the domain that asked for it. Return whether this call did it."""
    found = read(refund_id)
    change: dict[str, Any] = {
        "state": state,
        "refund_id": wechat_id,
        "outbox": [{**found["on_done"], "id": ObjectId(), "due": clock.now(), "tries": 0}] if found["on_done"] else [],
    }
    if state == "succeeded":
        change["succeeded_at"] = clock.now()
        change["outbox"].append(outbox.entry("bills", "payments.post_refund", refund=refund_id))
    else:
        metrics.ALARMS.labels(f"refund_{state}").inc()
    guard = {"_id": refund_id, "state": {"$in": ["requested", "processing", "abnormal", "closed"], "$ne": state}}
    done = bool(Refund._get_collection().update_one(guard, {"$set": change}).matched_count)
    if done:
        log.info("refund_finished", refund=refund_id, state=state)
        outbox.wake("checkout")
        outbox.wake("bills")
    return done


def needing_a_person(*, most: int = 100) -> list[dict[str, Any]]:
    """Return refunds that ended without reaching the payer."""
    query = {"state": {"$in": ["abnormal", "closed"]}}
    return list(Refund._get_collection().find(query, {"outbox": 0}).sort("_id", 1).limit(most))
