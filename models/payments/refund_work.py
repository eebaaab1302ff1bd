"""Refunds that do not reach the payer by themselves, as work for a person: with a clock and somebody's name on it.

    open ──(retry, sent on, another way)──▶ under_way ──▶ done
      ▲                                         │
      └──────── it went wrong again ────────────┘

One item a refund; its id is the refund's. It follows the refund by the outbox, so a kill between the two is a delay.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, metrics, outbox, personal_data
from backend.calendar import CalendarYearMissing
from backend.calendar_years import calendar
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding, Sealed
from models.identity.actors import Staff
from models.payments import payment, refund

COLLECTION = "refund_work"
STATE_ZH = {"open": "待办理", "under_way": "办理中", "done": "已办结"}
WHY_ZH = {
    "abnormal": "退款入账失败:付款账户注销、冻结或不能收款",
    "closed": "退款已被微信支付关闭,款项未退出",
    "refused": "微信支付不受理这笔退款",
    "returned": "款项已退到商户银行账户,需另行付给游客",
    "not_enough": "商户可用余额不足,充值后自动继续",
    "given_up": "多次提交未成功,系统已停止重试",
}
DUE_WORKING_DAYS, ESCALATE_WORKING_DAYS, LEVELS = 2, 1, 3
outbox.carried_by(COLLECTION)


class RefundWork(Document):
    """`unit` is whose money it is; `level` counts how often it was overdue; `card` waits for the second person."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["state", "due", "_id"]},
            {"fields": ["unit", "state", "due", "_id"]},
            {"fields": ["assignee", "state", "due", "_id"], "sparse": True},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    payment = ObjectIdField(required=True)
    unit = StringField(required=True)
    fen = IntField(required=True)
    why = StringField(choices=tuple(WHY_ZH), required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    assignee = ObjectIdField()
    opened_at = DateTimeField(required=True)
    due = DateTimeField(required=True)
    level = IntField(required=True)
    approval = ObjectIdField()
    card = DictField()
    done_at = DateTimeField()
    history = ListField(DictField())
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "异常退款办理记录",
        via=(("payment", "payments"),),
        staff=("assignee",),
        sealed=(Sealed("card.number", secret=True), Sealed("card.holder", secret=True)),
        at_deletion="keep",
        because="只含退款编号和金额, 收款卡号办完即删; "
        "会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 原始凭证保管 30 年",
    )
)


class WorkTaken(Conflict):
    """409: somebody else works on it."""

    code = "refund_work_taken"
    zh = "这笔退款正由其他人员办理,请先由其退回,或选择其他退款。"
    en = "Somebody else works on this refund. They give it back first."


class WorkUnderWay(Conflict):
    """409: it waits for a second person or for WeChat, or it is done."""

    code = "refund_work_not_open"
    zh = "这笔退款当前为“{state_zh}”,不能这样操作,请刷新后查看。"
    en = "This refund is {state}; that is not possible now. Refresh and look again."


def follow(refund_id: str) -> dict[str, Any] | None:
    """Bring the item of a refund to where the refund is, and return it; None where no person was ever needed."""
    found = refund.read(refund_id)
    why = why_of(found)
    if why:
        _open(found, why)
    elif found["state"] in {"succeeded", "paid_elsewhere"}:
        _end(found)
    else:
        _mark(refund_id, "under_way", {})
    return RefundWork._get_collection().find_one({"_id": refund_id})


def why_of(found: dict[str, Any]) -> str:
    """Return why a refund needs a person, nothing where it does not."""
    if found["state"] in refund.NEEDING_A_PERSON:
        return str(found["state"])
    if any("failed_at" in one for one in found.get("outbox", ())):
        return "given_up"
    return "not_enough" if found["state"] == "requested" and found.get("short_since") else ""


def _open(found: dict[str, Any], why: str) -> None:
    due = working_days_after(clock.now(), DUE_WORKING_DAYS)
    told = {"why": why, "state": "open", "due": due, "level": 0, "outbox": _follow(found["_id"], due)}
    record = {
        "_id": found["_id"],
        "payment": found["payment"],
        "unit": unit_of(found["payment"]),
        "fen": found["amount_fen"],
        "opened_at": clock.now(),
        "history": [event(why, "system:payments")],
        **told,
    }
    try:
        RefundWork._get_collection().insert_one(record)
    except DuplicateKeyError:
        guard = {"_id": found["_id"], "$or": [{"state": {"$ne": "open"}}, {"why": {"$ne": why}}], "approval": None}
        change = {"$set": told, "$unset": {"done_at": ""}, "$push": {"history": event(why, "system:payments")}}
        RefundWork._get_collection().update_one(guard, change)


def _follow(refund_id: str, due: datetime) -> list[dict[str, Any]]:
    clocked = outbox.entry("bills", "payments.refund_work_due", due=due, refund=refund_id)
    return [clocked, outbox.entry("notify", "payments.tell_refund", refund=refund_id, what="refund_waits")]


def _end(found: dict[str, Any]) -> None:
    """Take an item off the list and tell the payer, which who asked for the refund leaves to this."""
    arrived = "refund_arrived" if found["state"] == "succeeded" else "refund_paid_elsewhere"
    tell = outbox.entry("notify", "payments.tell_refund", refund=found["_id"], what=arrived)
    _mark(found["_id"], "done", {"done_at": clock.now(), "outbox": [tell]}, found["state"])


def _mark(refund_id: str, state: str, changes: dict[str, Any], what: str = "") -> None:
    change: dict[str, Any] = {"$set": {"state": state, **changes}}
    if what:
        change |= {"$push": {"history": event(what, "system:payments")}, "$unset": {"card": ""}}
    guard = {"_id": refund_id, "state": {"$nin": [state, "done"]}}
    RefundWork._get_collection().update_one(guard, change)


def unit_of(payment_id: ObjectId) -> str:
    """Return the unit whose money a payment is, empty where nobody's."""
    kind, _, owner = str(payment.read(payment_id).get("payee") or "").partition(":")
    return owner if kind == "merchant" else ""


def event(what: str, who: str, **details: Any) -> dict[str, Any]:
    """Return one line of an item's history: codes, ids and numbers only."""
    return {"at": clock.now(), "what": what, "who": who, **details}


def reached(actor: Staff, operation: str, refund_id: str) -> dict[str, Any]:
    """Return an item that an operation of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such item, or of another unit.
    """
    actor.require(operation)
    found = RefundWork._get_collection().find_one({"_id": refund_id})
    units = actor.units_for(operation)
    if found is None or (units is not None and found["unit"] not in units):
        raise NotFound
    return found


def change(
    refund_id: str,
    actor: Staff,
    session: ClientSession,
    *,
    to: str,
    line: dict[str, Any],
    follow: Sequence[dict[str, Any]] = (),
    **more: Any,
) -> None:
    """Move an open item that is nobody else's, inside a transaction; it is the actor's from then on.

    Raises:
        WorkTaken, WorkUnderWay: it is not so.
    """
    guard = {"_id": refund_id, "state": "open", "approval": None, "assignee": {"$in": [None, actor.staff_id]}}
    told: dict[str, Any] = {"$set": {"state": to, "assignee": actor.staff_id, **more}, "$push": {"history": line}}
    if follow:
        told["$push"]["outbox"] = {"$each": list(follow)}
    if not RefundWork._get_collection().update_one(guard, told, session=session).matched_count:
        raise refusal(refund_id, actor, session)


def refusal(refund_id: str, actor: Staff, session: ClientSession | None = None) -> Conflict:
    """Return why an item cannot be worked on by the actor now."""
    found = RefundWork._get_collection().find_one({"_id": refund_id}, session=session) or {}
    if found.get("state") == "open" and found.get("assignee") not in {None, actor.staff_id}:
        return WorkTaken()
    state = "under_way" if found.get("approval") else str(found.get("state"))
    return WorkUnderWay(state=state, state_zh=STATE_ZH.get(state, state))


def escalate(refund_id: str) -> None:
    """Let an overdue item be seen: an alarm, a higher level, and the next due time."""
    now = clock.now()
    found = RefundWork._get_collection().find_one({"_id": refund_id, "state": {"$ne": "done"}})
    if found is None or found["due"] > now or found["level"] >= LEVELS:
        return
    due = working_days_after(now, ESCALATE_WORKING_DAYS)
    told: dict[str, Any] = {"level": found["level"] + 1, "due": due}
    again = outbox.entry("bills", "payments.refund_work_due", due=due, refund=refund_id)
    push = {"history": event("overdue", "system:payments", level=told["level"]), "outbox": again}
    guard = {"_id": refund_id, "level": found["level"], "due": found["due"]}
    if RefundWork._get_collection().update_one(guard, {"$set": told, "$push": push}).matched_count:
        metrics.ALARMS.labels("refund_work_overdue").inc()


def working_days_after(start: datetime, days: int) -> datetime:
    """Return the civil midnight that ends the `days`-th working day after an instant."""
    known, day = calendar(), clock.civil(start).date()
    while days:
        day += timedelta(days=1)
        try:
            days -= known.is_workday(day)
        except CalendarYearMissing:
            days -= day.weekday() < 5  # noqa: PLR2004 - Saturday
    return clock.at(day, 24 * 60)
