"""A payment: money for one thing of another domain, by WeChat Pay JSAPI. Amounts are integers of 分.

    opened ──prepay──▶ prepaid ──settle──▶ paid
       └────── close ────┴──▶ closed ──settle (a success that came late)──▶ paid

What was paid is told to the other domain by the outbox name that it gave (`on_paid`), in the same write.
"""

from datetime import datetime, timedelta
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
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from backend import clock, metrics, outbox, personal_data, runtime
from backend.errors import Conflict
from backend.personal_data import Holding
from backend.store import documents
from backend.wechat.errors import PaymentRefused, PaymentUnknown
from backend.wechat.pay_values import Transaction
from models.identity import account

log = structlog.get_logger()

COLLECTION = "payments"
UNASSIGNED = "suspense:unassigned"
"""The ledger account of money of which nobody said whose it is."""
outbox.carried_by(COLLECTION)
NUMBER_USED = "OUT_TRADE_NO_USED"
PAID = frozenset({"SUCCESS", "REFUND"})
FIRST_CHECK = timedelta(seconds=15)
"""A notice may be lost, so an unfinished payment is also asked for: first after this, then ever more rarely."""


class Payment(Document):
    """`subject` names what is paid for; `out_trade_no` at WeChat is the id.

    `payee` is the ledger account that the money is for; it is empty where `on_paid` posts the receipt itself.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["subject"], "unique": True},
            "account",
            {"fields": ["transaction_id"], "sparse": True},
            {"fields": ["shipping_due"], "sparse": True},
            {"fields": ["paid_at"], "sparse": True},
            outbox.INDEX,
        ],
    }
    subject = StringField(required=True)
    account = ObjectIdField(required=True)
    description = StringField(required=True)
    amount_fen = IntField(required=True, min_value=1)
    refunded_fen = IntField(required=True, min_value=0)
    refund_parts = IntField()
    on_paid = DictField(required=True)
    payee = StringField()
    state = StringField(choices=("opened", "prepaid", "paid", "closed"), required=True)
    prepay_id = StringField()
    transaction_id = StringField()
    expires_at = DateTimeField(required=True)
    paid_at = DateTimeField()
    late = BooleanField()
    shipping_due = DateTimeField()
    shipped_at = DateTimeField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "支付记录",
        accounts=("account",),
        at_deletion="keep",
        because="只含账号编号和金额; 会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 原始凭证保管 30 年",
        busy=lambda: {"state": {"$in": ["opened", "prepaid"]}},
    )
)


class PaymentOver(Conflict):
    """409: this payment can no longer be made."""

    code = "payment_over"
    zh = "付款时间已过,请重新下单。"
    en = "The time to pay is over. Please order again."


def open_for(
    subject: str,
    *,
    payer: ObjectId,
    amount_fen: int,
    description: str,
    expires_at: datetime,
    on_paid: dict[str, Any],
    payee: str = UNASSIGNED,
) -> dict[str, Any]:
    """Return the payment of a subject, opening it the first time; `on_paid` is the outbox entry to send when paid."""
    record = {
        "_id": ObjectId(),
        "subject": subject,
        "account": payer,
        "description": description,
        "amount_fen": amount_fen,
        "refunded_fen": 0,
        "on_paid": on_paid,
        "payee": payee,
        "state": "opened",
        "expires_at": expires_at,
        "outbox": [],
    }
    try:
        Payment._get_collection().insert_one(record)
    except DuplicateKeyError:
        return Payment._get_collection().find_one({"subject": subject}) or record
    return record


def read(payment_id: ObjectId) -> dict[str, Any]:
    """Return a payment.

    Raises:
        NotFound: no such payment.
    """
    return documents.one(Payment, {"_id": payment_id})


def prepay(found: dict[str, Any]) -> dict[str, str]:
    """Place the order at WeChat and return the arguments of wx.requestPayment; repeating it gives the same order.

    Raises:
        PaymentOver: closed, paid or expired meanwhile.
        PaymentUnknown, PaymentRefused: as WeChat answered.
    """
    pay = runtime.current().pay
    if found["state"] == "prepaid" and found["expires_at"] > clock.now():
        return pay.pay_sign(found["prepay_id"])
    if found["state"] != "opened" or found["expires_at"] <= clock.now():
        raise PaymentOver
    prepay_id = _placed(found)
    if not _note_prepay(found["_id"], prepay_id):
        # Somebody closed it while WeChat was asked: the order there must not stay payable.
        pay.close(str(found["_id"]))
        raise PaymentOver
    return pay.pay_sign(prepay_id)


def _placed(found: dict[str, Any]) -> str:
    try:
        return runtime.current().pay.order_jsapi(
            out_trade_no=str(found["_id"]),
            description=found["description"],
            total_fen=found["amount_fen"],
            openid=account.openid(found["account"]),
            notify_url=notify_url(),
            expires_at=found["expires_at"],
        )
    except PaymentRefused as refused:
        if refused.errcode != NUMBER_USED:
            raise
        raise PaymentOver from None  # closed or paid at WeChat after it was read here


def _note_prepay(payment_id: ObjectId, prepay_id: str) -> bool:
    check = outbox.entry("checkout", "payments.check", due=clock.now() + FIRST_CHECK, payment=str(payment_id))
    guard = {"_id": payment_id, "state": {"$in": ["opened", "prepaid"]}}
    change = {"$set": {"state": "prepaid", "prepay_id": prepay_id, "outbox": [check]}}
    return bool(Payment._get_collection().update_one(guard, change).matched_count)


def notify_url() -> str:
    """Return where WeChat Pay sends its notices."""
    return f"{runtime.current().settings.public_base_url}/open/v1/wechat/pay/notice"


def contradicts(out_trade_no: Any, total_fen: int) -> bool:
    """Tell whether a payment of ours with this number has another amount."""
    if not ObjectId.is_valid(out_trade_no):
        return False
    found = Payment._get_collection().find_one({"_id": ObjectId(out_trade_no)}, {"amount_fen": 1})
    return found is not None and found["amount_fen"] != total_fen


def settle(out_trade_no: str, transaction: Transaction) -> bool:
    """Take note of a success at WeChat, once; return whether the payment is ours and paid now.

    A success of another amount is not taken: it is an alarm for a person.
    """
    query = {"_id": ObjectId(out_trade_no) if ObjectId.is_valid(out_trade_no) else out_trade_no}
    found = Payment._get_collection().find_one(query)
    if found is None or transaction.total_fen != found["amount_fen"]:
        metrics.ALARMS.labels("payment_amount_mismatch" if found else "payment_unknown").inc()
        log.error("payment_not_ours", payment=out_trade_no, known=found is not None)
        return False
    return _settle(found, transaction)


def _settle(found: dict[str, Any], transaction: Transaction) -> bool:
    late = found["state"] == "closed"
    change = {
        "$set": {
            "state": "paid",
            "transaction_id": transaction.transaction_id,
            "paid_at": transaction.success_time or clock.now(),
            "late": late,
            "outbox": _follow(found),
        }
    }
    guard = {"_id": found["_id"], "state": {"$ne": "paid"}}
    if Payment._get_collection().update_one(guard, change).matched_count:
        log.info("payment_settled", payment=str(found["_id"]), late=late)
        for one in change["$set"]["outbox"]:
            outbox.wake(one["queue"])
    return True


def _follow(found: dict[str, Any]) -> list[dict[str, Any]]:
    told = {**found["on_paid"], "id": ObjectId(), "due": clock.now(), "tries": 0}
    if found.get("payee") == "":
        return [told]
    return [told, outbox.entry("bills", "payments.post_receipt", payment=str(found["_id"]))]


def of_subject(subject: str) -> dict[str, Any] | None:
    """Return the payment of a subject, None when it was not opened."""
    return Payment._get_collection().find_one({"subject": subject})


def check(payment_id: ObjectId) -> str:
    """Ask WeChat for the truth about an unfinished payment; return the state here afterwards.

    Raises:
        PaymentUnknown: no proved answer came.
    """
    found = read(payment_id)
    if found["state"] != "paid":
        transaction = runtime.current().pay.query(str(payment_id))
        if transaction and transaction.state in PAID and settle(str(payment_id), transaction):
            return "paid"
    return str(found["state"])


def close(payment_id: ObjectId) -> str:
    """End an unpaid payment at WeChat and here; return `paid` when the money had come already, else `closed`.

    Raises:
        PaymentUnknown: no proved answer came; nothing was changed here.
    """
    found = read(payment_id)
    if found["state"] in {"paid", "closed"}:
        return str(found["state"])
    pay = runtime.current().pay
    transaction = pay.query(str(payment_id))
    if transaction is not None and (transaction.state in PAID or pay.close(str(payment_id)) == "already_paid"):
        if check(payment_id) != "paid":
            raise PaymentUnknown(reason="amount")
        return "paid"
    guard = {"_id": payment_id, "state": {"$in": ["opened", "prepaid"]}}
    Payment._get_collection().update_one(guard, {"$set": {"state": "closed", "outbox": []}})
    return str(read(payment_id)["state"])


def require_shipping(payment_id: ObjectId) -> None:
    """Note that WeChat must be told of the delivery, because settlement is held without it; send it by the queue."""
    guard = {"_id": payment_id, "shipped_at": None, "shipping_due": None}
    follow = outbox.entry("push", "payments.report_shipping", payment=str(payment_id))
    change = {"$set": {"shipping_due": clock.now()}, "$push": {"outbox": follow}}
    if Payment._get_collection().update_one(guard, change).matched_count:
        outbox.wake("push")


def report_shipping(payment_id: ObjectId) -> None:
    """Tell WeChat that the tickets were handed over (virtual goods), once."""
    found = read(payment_id)
    if found.get("shipped_at"):
        return
    if found["refunded_fen"] >= found["amount_fen"]:  # WeChat takes no report of it, and holds no money back
        Payment._get_collection().update_one({"_id": payment_id}, {"$unset": {"shipping_due": ""}})
        return
    runtime.current().mini_program.report_shipping(
        transaction_id=found["transaction_id"],
        openid=account.openid(found["account"]),
        description=found["description"],
        self_pickup=False,
        uploaded_at=clock.now(),
    )
    change = {"$set": {"shipped_at": clock.now()}, "$unset": {"shipping_due": ""}}
    Payment._get_collection().update_one({"_id": payment_id}, change)


def unreported_shipping(before: datetime, *, most: int = 500) -> list[ObjectId]:
    """Return payments whose delivery WeChat has not been told of since before `before`."""
    query = {"shipping_due": {"$lt": before}}
    return [found["_id"] for found in Payment._get_collection().find(query, {"_id": 1}).limit(most)]


def count_refund(payment_id: ObjectId, fen: int, session: Any) -> dict[str, Any] | None:
    """Reserve `fen` of a paid payment for a refund; None when that would be more than was paid."""
    guard = {
        "_id": payment_id,
        "state": "paid",
        "$expr": {"$lte": [{"$add": ["$refunded_fen", fen]}, "$amount_fen"]},
    }
    change = {"$inc": {"refunded_fen": fen, "refund_parts": 1}}
    return Payment._get_collection().find_one_and_update(
        guard, change, session=session, return_document=ReturnDocument.AFTER
    )
