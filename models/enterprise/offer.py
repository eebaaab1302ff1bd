"""An offer (免申即享): what a policy gives to a firm that a run found eligible, until the firm takes it by one tap.

    offered ──confirm──▶ confirmed      offered ──a later run finds otherwise──▶ lapsed ──eligible again──▶ offered
    confirmed ──publish──▶ in_publicity ──its time is over──▶ payable ──a batch takes it──▶ in_batch ──▶ paid
        └─────────publicity is skipped─────────────────────────▶ ▲ └───another account── failed ◀───┘
    confirmed | in_publicity | payable | failed ──an objection upheld, a promise broken──▶ ended (back to the budget)

Confirming says that the firm wants it and into which account. In one transaction the offer moves and its amount is
taken of the budget by one conditional update, so that neither is without the other. What was confirmed no later run
changes; every later move goes through `move` and its guard.
"""

from collections.abc import Mapping, Sequence
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
    LongField,
    ObjectIdField,
    StringField,
)
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents, paging
from models.enterprise import policy

COLLECTION = "enterprise_offers"
outbox.carried_by(COLLECTION)
STATES = {
    "offered": "待确认",
    "confirmed": "已确认",
    "lapsed": "已失效",
    "in_publicity": "公示中",
    "payable": "待拨付",
    "in_batch": "拨付中",
    "failed": "拨付失败,待更正账户",
    "paid": "已拨付",
    "ended": "已终止",
}
ENDED_ZH = {"objection_upheld": "公示异议成立", "promise_broken": "未履行承诺"}
ENDABLE = ("confirmed", "in_publicity", "payable", "failed")
MAY_CONFIRM = ("owner", "manager")
_DUPLICATE = 11000
NEVER = ("offered", "lapsed")


class Offer(Document):
    """One a policy and firm. `account` is sealed JSON of bank, number and holder; `person` confirmed it.

    `unit` is the policy's, `first_at` when it was first offered. `publicity` is its list, `objections` how many are
    open against it; `payout` the last batch that took it, `code` why the bank did not pay. `pay_by` is the end of the
    time within which the policy promised to pay; `overdue` stands from then until it is paid.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["policy", "firm"], "unique": True},
            {"fields": ["firm", "-_id"]},
            {"fields": ["policy", "state", "_id"]},
            {"fields": ["person"], "sparse": True},
            {"fields": ["publicity", "_id"], "sparse": True},
            {"fields": ["payout", "_id"], "sparse": True},
            {"fields": ["state", "_id"]},
            {"fields": ["unit", "state", "_id"]},
            {"fields": ["overdue", "pay_by", "_id"], "sparse": True},
            {"fields": ["overdue", "unit", "pay_by", "_id"], "sparse": True},
            {"fields": ["first_at"], "sparse": True},
            {"fields": ["confirmed_at"], "sparse": True},
            {"fields": ["paid_at"], "sparse": True},
            {"fields": ["pay_by"], "sparse": True},
            outbox.INDEX,
        ],
    }
    policy = StringField(required=True)
    unit = StringField()
    firm = StringField(required=True)
    amount_fen = LongField(required=True)
    run = ObjectIdField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    at = DateTimeField(required=True)
    first_at = DateTimeField()
    account = BinaryField()
    person = ObjectIdField()
    confirmed_by = StringField()
    confirmed_at = DateTimeField()
    publicity = ObjectIdField()
    objections = IntField()
    payout = StringField()
    code = StringField()
    pay_within = IntField()
    pay_by = DateTimeField()
    overdue = BooleanField()
    paid_at = DateTimeField()
    ended_for = StringField(choices=tuple(ENDED_ZH))
    ended_at = DateTimeField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企政策兑现确认",
        persons=("person",),
        sealed=(Sealed("account"),),
        traces=("confirmed_by", "confirmed_at"),
        at_deletion="keep",
        because="会计法、会计档案管理办法: 财政资金拨付依据须留存; 账户是单位的, 确认人只记随机编号",
    )
)


class OfferStateWrong(Conflict):
    """409: the offer is not where this can be done."""

    code = "enterprise_offer_state_wrong"
    zh = "该兑现事项目前为“{state_zh}”,不能进行此操作;请刷新后查看最新情况。"
    en = "This offer is {state} and does not allow this. Refresh to see where it stands."


def found(
    run: Mapping[str, Any], amounts: Mapping[str, int], others: Sequence[str], news: Mapping[str, list[dict[str, Any]]]
) -> None:
    """Offer a policy to the firms that a run found eligible, with their amounts, and let those of the others lapse.

    `news` are the outbox entries by which a firm hears of it, written where it was not offered before. Safe to repeat;
    what was confirmed stays as it is.
    """
    now, code = clock.now(), run["policy"]
    told = {"run": run["_id"], "at": now}
    writes = [
        UpdateOne(
            {"policy": code, "firm": one, "state": {"$in": list(NEVER)}},
            _offering(told | {"amount_fen": fen, "unit": run.get("unit", "")}, news.get(one, [])),
            upsert=True,
        )
        for one, fen in amounts.items()
    ]
    lapsed = {"policy": code, "state": "offered"}
    writes += [UpdateOne({**lapsed, "firm": one}, {"$set": told | {"state": "lapsed"}}) for one in others]
    try:
        Offer._get_collection().bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):  # a duplicate was confirmed
            raise


def _offering(told: Mapping[str, Any], news: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the update that offers; one that stands already keeps what follows of it."""
    stands = {"$eq": ["$state", "offered"]}
    follows = {"$cond": [stands, {"$ifNull": ["$outbox", []]}, {"$literal": list(news)}]}
    since = {"first_at": {"$ifNull": ["$first_at", told["at"]]}}
    return [{"$set": {**since, "outbox": follows}}, {"$set": {**told, "state": "offered"}}]


def sealed_account(offer_id: ObjectId, account: Mapping[str, str]) -> bytes:
    """Return the account of an offer as it is stored."""
    text = orjson.dumps(dict(account), option=orjson.OPT_SORT_KEYS).decode()
    return runtime.current().sealer.seal("enterprise_offers.account", offer_id, text)


def move(query: Mapping[str, Any], before: Sequence[str], change: Mapping[str, Any], session: ClientSession) -> int:
    """Change the confirmed offers of a query that are in one of the states `before`; return how many there were."""
    guard = {**query, "state": {"$in": sorted(before)}}
    return Offer._get_collection().update_many(guard, dict(change), session=session).matched_count


def end(found: Mapping[str, Any], why: str, session: ClientSession) -> bool:
    """End a confirmed offer that is not paid and give its amount back to the budget, once; return whether it ended."""
    told = {"state": "ended", "ended_for": why, "ended_at": clock.now(), "outbox": []}
    change = {"$set": told, "$unset": {"overdue": ""}}
    if not move({"_id": found["_id"]}, ENDABLE, change, session):
        return False
    policy.give_back(found["policy"], found["amount_fen"], session)
    return True


def account_of(known: Mapping[str, Any]) -> dict[str, str]:
    """Return the account of a confirmed offer, opened; nothing for one that pays nothing."""
    if not known.get("account"):
        return {}
    told: dict[str, str] = orjson.loads(
        runtime.current().sealer.open("enterprise_offers.account", known["_id"], known["account"])
    )
    return told


def read(offer_id: ObjectId) -> dict[str, Any]:
    """Return an offer.

    Raises:
        NotFound: no such offer.
    """
    return documents.one(Offer, {"_id": offer_id})


def within(offer_id: ObjectId, session: ClientSession) -> dict[str, Any]:
    """Return an offer as a transaction sees it.

    Raises:
        NotFound: no such offer.
    """
    return documents.one(Offer, {"_id": offer_id}, session=session)


def of_firm(code: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the offers of a firm, newest first."""
    return paging.page(Offer._get_collection(), {"firm": code}, sort=("_id", -1), cursor=cursor, limit=limit)


def of_policy(code: str, state: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the offers of a policy in one state, in the order in which they were made."""
    query = {"policy": code, "state": state}
    return paging.page(Offer._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
