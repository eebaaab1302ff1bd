"""A payout (拨付批次): offers of one policy that go to the bank together, as one file, once.

    proposed ─a second person agrees, the fund promises─▶ ready ─the bank has it─▶ accepted ─all final─▶ settled
        └─refused, withdrawn, expired, fund short─▶ released ◀─the bank took nothing─┘
    contested: the bank holds another file under this number; a person looks ─it paid nothing─▶ released

The number is that of the file. The bytes are not kept: they are written anew from the payments, always the same, and
must have the digest that was noted when the batch was agreed on. `counts` and `sums` are kept by payment state in the
transaction that moves payments. What comes back unpaid goes, with another account, into a batch of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    LongField,
    ObjectIdField,
    StringField,
)
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from backend.store import documents, paging
from models.enterprise import payout_terms
from models.identity.actors import Staff

COLLECTION = "enterprise_payouts"
outbox.carried_by(COLLECTION)
PREFIX = "QYDF"
STATES = {
    "proposed": "待审批",
    "ready": "待送银行",
    "accepted": "银行已接收",
    "settled": "已全部回盘",
    "released": "已撤销,未拨付",
    "contested": "银行文件号冲突,待人工处理",
}
AT_BANK = ("ready", "accepted", "settled")
"""The states in which a return may come: of a file whose answer was lost the return may be the first word."""
RELEASED_ZH = {
    "not_approved": "未获批准",
    "fund_short": "资金专户余额不足",
    "bank_refused": "银行未接收",
    "nothing_paid": "银行书面确认未付款",
}
MOST = 500
"""So many offers go in one batch: its payments, and a return of the bank, are one transaction."""
MOST_DIFFERENCES = 200


class Payout(Document):
    """`returns` is how many returns were fetched; `bank_done` the bank's word that every line has its result.

    `differences` name what, number and both amounts where a return does not fit.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["policy", "-_id"]},
            {"fields": ["state", "-_id"]},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    policy = StringField(required=True)
    unit = StringField(required=True)
    title = StringField(required=True)
    fund = StringField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    lines = IntField(required=True)
    total_fen = LongField(required=True)
    counts = DictField(required=True)
    sums = DictField(required=True)
    approval = ObjectIdField(required=True)
    proposed_by = StringField(required=True)
    proposed_at = DateTimeField(required=True)
    approved_by = StringField()
    approved_at = DateTimeField()
    hold = StringField()
    digest = StringField()
    tried_at = DateTimeField()
    accepted_at = DateTimeField()
    settled_at = DateTimeField()
    posted_fen = LongField()
    transfer = StringField()
    returns = IntField(required=True)
    polls = IntField(required=True)
    bank_done = BooleanField()
    released_for = StringField(choices=tuple(RELEASED_ZH))
    reason = StringField()
    differences = ListField(DictField())
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企资金拨付批次",
        staff=("proposed_by", "approved_by"),
        at_deletion="keep",
        because="会计档案管理办法: 拨付批次是记账凭证, 不含个人信息",
    )
)


class PayoutStateWrong(Conflict):
    """409: the batch is not where this can be done."""

    code = "enterprise_payout_state_wrong"
    zh = "该拨付批次目前为“{state_zh}”,不能进行此操作;请刷新后查看。"
    en = "The batch is in the state {state}. Refresh and look again."

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__(state=found["state"], state_zh=STATES[found["state"]])


def record(
    number: str, terms: Mapping[str, Any], amounts: Sequence[int], *, approval: ObjectId, by: str
) -> dict[str, Any]:
    """Return a batch of so many amounts of a policy, not stored yet."""
    return {
        "_id": number,
        "policy": terms["_id"],
        "unit": terms["unit"],
        "title": terms["title"],
        "fund": payout_terms.of(terms)["fund"],
        "state": "proposed",
        "lines": len(amounts),
        "total_fen": sum(amounts),
        "counts": {"waiting": len(amounts)},
        "sums": {"waiting": sum(amounts)},
        "approval": approval,
        "proposed_by": by,
        "proposed_at": clock.now(),
        "returns": 0,
        "polls": 0,
        "differences": [],
        "outbox": [],
    }


def read(number: str, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a batch.

    Raises:
        NotFound: no such batch.
    """
    return documents.one(Payout, {"_id": number}, {"outbox": 0}, session=session)


def move(
    number: str,
    states: Sequence[str],
    told: Mapping[str, Any],
    *,
    follow: Sequence[dict[str, Any]] = (),
    session: ClientSession | None = None,
) -> dict[str, Any] | None:
    """Change a batch that is in one of `states`, and name what follows; None where it is in another one."""
    change: dict[str, Any] = {"$set": dict(told)}
    if follow:
        change["$push"] = {"outbox": {"$each": list(follow)}}
    return Payout._get_collection().find_one_and_update(
        {"_id": number, "state": {"$in": list(states)}},
        change,
        projection={"outbox": 0},
        return_document=ReturnDocument.AFTER,
        session=session,
    )


def count(number: str, moves: Mapping[tuple[str, str], tuple[int, int]], session: ClientSession) -> None:
    """Keep counts and sums with payments that moved: (from, to) → (how many, how much)."""
    change: dict[str, int] = {}
    for (was, to), (many, fen) in moves.items():
        for state, sign in ((was, -1), (to, 1)):
            change[f"counts.{state}"] = change.get(f"counts.{state}", 0) + sign * many
            change[f"sums.{state}"] = change.get(f"sums.{state}", 0) + sign * fen
    if change:
        Payout._get_collection().update_one({"_id": number}, {"$inc": change}, session=session)


def differ(number: str, differences: Sequence[Mapping[str, Any]], session: ClientSession | None = None) -> None:
    """Note where a return of the bank does not fit."""
    push = {"differences": {"$each": [dict(one) for one in differences], "$slice": MOST_DIFFERENCES}}
    Payout._get_collection().update_one({"_id": number}, {"$push": push}, session=session)


def still_asked(found: Mapping[str, Any], days: int) -> bool:
    """Tell whether late words of the bank (冲正) are still asked for."""
    settled: datetime | None = found.get("settled_at")
    return settled is None or (clock.now() - settled).days < days


def listed(
    actor: Staff, *, state: str | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of batches, newest number first, those of one state or all.

    Raises:
        NotAllowed: no role of the actor pays.
    """
    actor.require("policy.payout")
    query = {"state": state} if state else {"_id": {"$gte": ""}}
    payouts = Payout._get_collection()
    return paging.page(payouts, query, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0})
