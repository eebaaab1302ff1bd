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
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding, Sealed
from backend.store import documents, paging, transactions
from models.audit import entry
from models.enterprise import judge, pay_clock, payout_terms, policy, promise
from models.identity import membership
from models.identity.actors import Member

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
_NEVER = ("offered", "lapsed")


class Offer(Document):
    """One a policy and firm. `account` is sealed JSON of bank, number and holder; `person` confirmed it.

    `publicity` is its list, `objections` how many are open against it; `payout` the last batch that took it, `code` why
    the bank did not pay. `pay_by` is the end of the time within which the policy promised to pay; `overdue` stands from
    then until it is paid.
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
            {"fields": ["overdue", "pay_by"], "sparse": True},
            outbox.INDEX,
        ],
    }
    policy = StringField(required=True)
    firm = StringField(required=True)
    amount_fen = LongField(required=True)
    run = ObjectIdField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    at = DateTimeField(required=True)
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


class AccountNeeded(Unprocessable):
    """422: money goes to an account."""

    code = "enterprise_account_needed"
    zh = "请填写收款账户的开户银行、账号和户名,户名须与单位名称一致。"
    en = "Name bank, number and holder of the account; the holder is the organisation."

    def __init__(self) -> None:
        super().__init__(fields={"account": [self.zh]})


class PromiseNeeded(Unprocessable):
    """422: this policy pays to firms that promise something."""

    code = "enterprise_promise_needed"
    zh = "领取该项资金须先作出承诺,请阅读承诺内容并勾选同意后再确认。"
    en = "This policy asks for a promise. Read it and accept it first."

    def __init__(self) -> None:
        super().__init__(fields={"accepts_promise": [self.zh]})


class OfferOver(Conflict):
    """409: the time of the policy is over."""

    code = "enterprise_offer_over"
    zh = "{over_zh},不能再确认;如有疑问请联系政策主管部门。"
    en = "The time of this policy is over: {over}."


def found(run: Mapping[str, Any], amounts: Mapping[str, int], others: Sequence[str]) -> None:
    """Offer a policy to the firms that a run found eligible, with their amounts, and let those of the others lapse.

    Safe to repeat; what was confirmed stays as it is.
    """
    now, code = clock.now(), run["policy"]
    told = {"run": run["_id"], "at": now}
    writes = [
        UpdateOne(
            {"policy": code, "firm": one, "state": {"$in": list(_NEVER)}},
            {"$set": told | {"amount_fen": fen, "state": "offered"}},
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


def confirm(
    member: Member, offer_id: ObjectId, account: Mapping[str, str] | None, *, accepts_promise: bool = False
) -> dict[str, Any]:
    """Confirm an offer in the name of one's firm, and the account; the same again changes nothing. Return the offer.

    Raises:
        NotFound: no such offer of the firm.
        AccountNeeded: it pays, and there is no account, or its holder is not the firm.
        PromiseNeeded: it asks for a promise that was not accepted.
        OfferOver: the time of the policy is over.
        OfferStateWrong: it lapsed, or was confirmed with another account.
        BudgetSpent: less is left of the budget.
        PolicyStateWrong: the policy is closed.
    """
    mine = {"_id": offer_id, "firm": member.organisation["credit_code"]}
    known = documents.one(Offer, mine)
    terms = policy.read(known["policy"])
    told = holder_checked(member, account) if policy.pays(terms) else {}
    if known["state"] != "offered":
        return _as_confirmed(known, told)
    if over := judge.out_of_time(terms, clock.today()):
        raise OfferOver(over=over, over_zh=judge.VERDICTS[over])
    promised = promise.record(known, terms, member)
    if promised and not accepts_promise:
        raise PromiseNeeded
    change = _confirmation(member, known, terms, told)
    line = entry.line(member.key, "enterprise_offer.confirm", f"offer:{offer_id}", amount_fen=known["amount_fen"])
    guard = {**mine, "state": "offered", "amount_fen": known["amount_fen"]}

    def carry_out(session: ClientSession) -> bool:
        membership.require_acting(member, session)
        if not Offer._get_collection().update_one(guard, {"$set": change}, session=session).matched_count:
            return False
        policy.take(known["policy"], known["amount_fen"], session)
        if promised:
            promise.store(promised, session)
        entry.write(line, session)
        return True

    moved = transactions.run(carry_out)
    stored = documents.one(Offer, mine)
    return stored if moved else _as_confirmed(stored, told)


def holder_checked(member: Member, account: Mapping[str, str] | None) -> dict[str, str]:
    """Return an account that the member's own firm holds.

    Raises:
        AccountNeeded: there is none, or its holder is another one.
    """
    if not account or "".join(account["holder"].split()) != "".join(member.organisation["name"].split()):
        raise AccountNeeded
    return dict(account)


def _confirmation(
    member: Member, known: Mapping[str, Any], terms: Mapping[str, Any], account: dict[str, str]
) -> dict[str, Any]:
    now, skipped = clock.now(), payout_terms.of(terms)["skip_publicity"] and policy.pays(terms)
    told: dict[str, Any] = {"state": "payable" if skipped else "confirmed", "person": member.person_id}
    told |= {"confirmed_by": member.key, "confirmed_at": now, **pay_clock.started(known["_id"], terms, now)}
    return told | ({"account": sealed_account(known["_id"], account)} if account else {})


def sealed_account(offer_id: ObjectId, account: Mapping[str, str]) -> bytes:
    """Return the account of an offer as it is stored."""
    text = orjson.dumps(dict(account), option=orjson.OPT_SORT_KEYS).decode()
    return runtime.current().sealer.seal("enterprise_offers.account", offer_id, text)


def _as_confirmed(known: Mapping[str, Any], account: Mapping[str, str]) -> dict[str, Any]:
    if known["state"] not in _NEVER and account_of(known) == dict(account):
        return dict(known)
    raise OfferStateWrong(state=known["state"], state_zh=STATES[known["state"]])


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
