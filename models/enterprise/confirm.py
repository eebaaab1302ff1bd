"""A firm confirms an offer (确认兑现): that it wants it, into which account, and what it promises for it.

In one transaction the offer moves, its amount is taken of the budget, and the promise and who acted are kept.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotAllowed, Unprocessable
from backend.store import documents, transactions
from models.audit import entry
from models.enterprise import judge, offer, pay_clock, payout_terms, policy, promise
from models.enterprise.offer import MAY_CONFIRM, Offer, OfferStateWrong
from models.identity import member_act, membership, staff
from models.identity.actors import Helped, Member

SIGN = "sign"
"""The scope in which an agent promises something in the name of the firm."""


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


def confirm(
    member: Member | Helped,
    offer_id: ObjectId,
    account: Mapping[str, str] | None,
    *,
    accepts_promise: bool = False,
) -> dict[str, Any]:
    """Confirm an offer in the name of one's firm, and the account; the same again changes nothing. Return the offer.

    Raises:
        NotFound: no such offer of the firm.
        AccountNeeded: it pays, and there is no account, or its holder is not the firm.
        PromiseNeeded: it asks for a promise that was not accepted.
        NotAllowed: it asks for a promise, and the agent is not named for signing.
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
    if promised:
        _require_promise(member, accepts=accepts_promise)
    change = _confirmation(member, known, terms, told)
    line = _line(member, known)
    guard = {**mine, "state": "offered", "amount_fen": known["amount_fen"]}

    def carry_out(session: ClientSession) -> bool:
        membership.require_acting(member, session)
        if isinstance(member, Helped):
            staff.require_acting(member.clerk, line, session)
        if not Offer._get_collection().update_one(guard, {"$set": change}, session=session).matched_count:
            return False
        policy.take(known["policy"], known["amount_fen"], session)
        if promised:
            promise.store(promised, session)
            member_act.write(member, "promise_sign", f"offer:{offer_id}", session)
        member_act.write(member, "offer_confirm", f"offer:{offer_id}", session)
        entry.write(line, session)
        return True

    moved = transactions.run(carry_out)
    stored = documents.one(Offer, mine)
    return stored if moved else _as_confirmed(stored, told)


def _require_promise(member: Member | Helped, *, accepts: bool) -> None:
    if not accepts:
        raise PromiseNeeded
    if member.role not in MAY_CONFIRM and SIGN not in member.scope:
        raise NotAllowed


def _line(member: Member | Helped, known: Mapping[str, Any]) -> dict[str, Any]:
    told = {"amount_fen": known["amount_fen"]}
    if isinstance(member, Helped):
        told |= {"papers": member.papers, "counter_session": member.counter_session, "person": str(member.person_id)}
    return entry.line(member.key, "enterprise_offer.confirm", f"offer:{known['_id']}", unit=member.unit, **told)


def holder_checked(member: Member | Helped, account: Mapping[str, str] | None) -> dict[str, str]:
    """Return an account that the member's own firm holds.

    Raises:
        AccountNeeded: there is none, or its holder is another one.
    """
    if not account or "".join(account["holder"].split()) != "".join(member.organisation["name"].split()):
        raise AccountNeeded
    return dict(account)


def _confirmation(
    member: Member | Helped, known: Mapping[str, Any], terms: Mapping[str, Any], account: dict[str, str]
) -> dict[str, Any]:
    now, skipped = clock.now(), payout_terms.of(terms)["skip_publicity"] and policy.pays(terms)
    told: dict[str, Any] = {"state": "payable" if skipped else "confirmed", "person": member.person_id}
    told |= {"confirmed_by": member.key, "confirmed_at": now, **pay_clock.started(known["_id"], terms, now)}
    return told | ({"account": offer.sealed_account(known["_id"], account)} if account else {})


def _as_confirmed(known: Mapping[str, Any], account: Mapping[str, str]) -> dict[str, Any]:
    if known["state"] not in offer.NEVER and offer.account_of(known) == dict(account):
        return dict(known)
    raise OfferStateWrong(state=known["state"], state_zh=offer.STATES[known["state"]])
