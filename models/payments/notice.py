"""Notices of WeChat Pay: proved, stored under their unique id before they are answered, applied by the queue."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, metrics, outbox, personal_data, runtime
from backend.errors import NotFound
from backend.personal_data import Holding, Sealed
from backend.wechat.errors import NoticeRefused
from backend.wechat.pay_values import transaction_of
from models.payments import payment, refund

log = structlog.get_logger()

COLLECTION = "payment_notices"
REFUND_EVENTS = {"REFUND.SUCCESS": "succeeded", "REFUND.ABNORMAL": "abnormal", "REFUND.CLOSED": "closed"}
outbox.carried_by(COLLECTION)


class PaymentNotice(Document):
    """The id is WeChat's; the decrypted resource holds the payer's openid, so it is sealed."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["payment"], "sparse": True}, outbox.INDEX],
    }
    id = StringField(primary_key=True)
    event_type = StringField(required=True)
    resource = BinaryField(required=True)
    payment = ObjectIdField()
    received_at = DateTimeField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "微信支付通知",
        via=(("payment", "payments"),),
        sealed=(Sealed("resource"),),
        at_deletion="keep",
        because="收款凭据, 付款人只以加密的 openid 出现; "
        "会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 原始凭证保管 30 年",
    )
)


def receive(headers: Mapping[str, str], body: bytes) -> None:
    """Prove and store a notice. Storing the same one again changes nothing.

    Raises:
        NoticeRefused: anything about it is wrong; the gateway's own probes are refused without an alarm.
    """
    try:
        notice = runtime.current().pay.read_notice(headers, body)
        _require_amount(notice.event_type, notice.resource)
    except NoticeRefused as refusal:
        if not refusal.probe:
            metrics.ALARMS.labels("payment_notice_refused").inc()
            log.warning("payment_notice_refused", reason=refusal.reason)
        raise
    sealed = runtime.current().sealer.seal(f"{COLLECTION}.resource", notice.id, orjson.dumps(notice.resource).decode())
    record = {
        "_id": notice.id,
        "event_type": notice.event_type,
        "resource": sealed,
        "received_at": clock.now(),
        "outbox": [outbox.entry("notify", "payments.apply_notice", notice=notice.id)],
    }
    told = str(notice.resource.get("out_trade_no", ""))
    record |= {"payment": ObjectId(told)} if ObjectId.is_valid(told) else {}
    try:
        PaymentNotice._get_collection().insert_one(record)
    except DuplicateKeyError:
        return
    outbox.wake("notify")


def _require_amount(event_type: str, resource: dict[str, Any]) -> None:
    if event_type != "TRANSACTION.SUCCESS":
        return
    amount = resource.get("amount")
    total = amount.get("total") if isinstance(amount, dict) else None
    if type(total) is not int or payment.contradicts(resource.get("out_trade_no"), total):
        raise NoticeRefused(reason="amount")


def apply(notice_id: str) -> None:
    """Carry out what a stored notice says; repeating it is safe."""
    found = PaymentNotice._get_collection().find_one({"_id": notice_id})
    if found is None:
        return
    text = runtime.current().sealer.open(f"{COLLECTION}.resource", notice_id, found["resource"])
    resource = orjson.loads(text)
    if found["event_type"] == "TRANSACTION.SUCCESS":
        payment.settle(resource["out_trade_no"], transaction_of(resource))
    elif found["event_type"] in REFUND_EVENTS:
        _finish_refund(resource, REFUND_EVENTS[found["event_type"]])


def _finish_refund(resource: dict[str, Any], state: str) -> None:
    try:
        refund.finish(resource["out_refund_no"], state, resource["refund_id"])
    except NotFound:  # made by hand at WeChat: the bill of the day names it, nothing here can follow it
        metrics.ALARMS.labels("refund_unknown").inc()
        log.warning("refund_not_ours", refund=resource["out_refund_no"])
