"""From payable to the bank: finance proposes a batch, a second person agrees, the fund promises its sum.

    payable ─propose─▶ in_batch ─agreed, promised─▶ ready (and to the bank)
                           └─refused, withdrawn, expired, fund short─▶ payable

Offers, payments and batch move in one transaction. The effect of an approval runs from the outbox and may run again at
any point: the promise has a key of its own, the batch moves by its guard.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from backend import clock, outbox, payout_file
from backend.errors import Conflict
from backend.money import yuan
from backend.store import transactions
from models.affairs import case_number
from models.audit import entry
from models.enterprise import offer, payout, payout_payment, payout_terms, policy
from models.enterprise.payout import Payout
from models.enterprise.payout_payment import FirmPayment
from models.identity import approval, staff
from models.identity.actors import Staff
from models.payments import bank_promise
from models.payments.posting import InsufficientFunds

log = structlog.get_logger()
WHAT = "enterprise_payout"
SYSTEM = "system:enterprise"


class NothingToPay(Conflict):
    """409: no offer waits to be paid."""

    code = "enterprise_nothing_to_pay"
    zh = "该政策目前没有待拨付的企业:请待公示期满,或刷新查看是否已列入其他批次。"
    en = "No offer of this policy waits to be paid, or another batch took them."


class FundShort(Conflict):
    """409: the fund has less than the batch needs."""

    code = "enterprise_fund_short"
    zh = "资金专户可用余额 {available} 元,不足本次拨付的 {needed} 元,请先拨入资金。"
    en = "The fund has {available} yuan left, the payment needs {needed}. Put money in first."


def propose(actor: Staff, code: str, reason: str) -> dict[str, Any]:
    """Propose the payable offers of a policy for payment, at most `payout.MOST`; return the batch.

    Raises:
        NotFound: no such policy within reach.
        NothingToPay: no offer waits, or another batch took them at this moment.
        FundShort: the fund has less than they need.
    """
    terms = policy.within(actor, "policy.payout", code)
    waiting = offer.of_policy(code, "payable", cursor=None, limit=payout.MOST)[0]
    if not waiting:
        raise NothingToPay
    needed, fund = sum(one["amount_fen"] for one in waiting), payout_terms.of(terms)["fund"]
    if (available := bank_promise.available(fund)) < needed:
        raise FundShort(available=yuan(available), needed=yuan(needed))
    number, approval_id = case_number.take(payout.PREFIX), ObjectId()
    amounts = [one["amount_fen"] for one in waiting]
    made = payout.record(number, terms, amounts, approval=approval_id, by=actor.key)
    payments = [payout_payment.record(number, seq, one) for seq, one in enumerate(waiting, start=1)]
    decision = _approval(actor, made, reason)

    def write(session: ClientSession) -> None:
        staff.require_acting(actor, {"at": made["proposed_at"]}, session)
        if taken([one["_id"] for one in waiting], number, session) < len(waiting):
            raise NothingToPay
        FirmPayment._get_collection().insert_many(payments, session=session)
        Payout._get_collection().insert_one(made, session=session)
        approval.store(actor, decision, session)

    try:
        transactions.run(write)
    except (DuplicateKeyError, BulkWriteError):
        raise NothingToPay from None
    return made


def taken(offers: list[ObjectId], number: str, session: ClientSession) -> int:
    """Take payable offers into a batch; return how many were payable still."""
    change = {"$set": {"state": "in_batch", "payout": number}, "$unset": {"code": ""}}
    return offer.move({"_id": {"$in": offers}}, ("payable",), change, session)


def _approval(actor: Staff, made: Mapping[str, Any], reason: str) -> dict[str, Any]:
    number = made["_id"]
    return approval.record(
        actor,
        "policy_payout",
        f"enterprise_payout:{number}",
        reason=reason,
        approval_id=made["approval"],
        effect=outbox.entry("trust", "enterprise.payout_approved", payout=number),
        otherwise=outbox.entry("trust", "enterprise.payout_not_approved", payout=number),
        details={name: made[name] for name in ("policy", "lines", "total_fen")},
    )


def carry_out(number: str) -> None:
    """Do what an approval set going: promise the sum, let the batch go to the bank. Repeating it is safe."""
    found = payout.read(number)
    decided = approval.read(found["approval"])
    if found["state"] != "proposed":
        approval.finish(found["approval"], found.get("released_for") or "approved")
        return
    try:
        held = _promised(found, decided)
    except InsufficientFunds:
        release(number, ("proposed",), "fund_short")
        approval.finish(found["approval"], "fund_short")
        return
    told: dict[str, Any] = {"state": "ready", "hold": held, "digest": payout_file.digest(content(found))}
    told |= {"approved_by": f"staff:{decided['decided_by']}", "approved_at": clock.now()}
    follow = (outbox.entry("bills", "enterprise.send_payout", payout=number),)
    payout.move(number, ("proposed",), told, follow=follow)
    approval.finish(found["approval"], "approved")
    outbox.wake("bills")
    log.info("enterprise_payout_ready", payout=number, lines=found["lines"])


def _promised(found: Mapping[str, Any], decided: Mapping[str, Any]) -> str:
    number, since = str(found["_id"]), decided["decided_at"]
    about = {"payout": number, "policy": str(found["policy"])}
    key = f"enterprise:{number}"
    return bank_promise.promise(key, found["fund"], found["total_fen"], what=WHAT, about=about, since=since)


def content(found: Mapping[str, Any]) -> bytes:
    """Return the bytes of a batch's file: the same at every call."""
    number = found["_id"]
    return payout_file.write(number, number, found["fund"], found["title"], payout_payment.orders(number))


def give_up(number: str) -> None:
    """Give the offers of a batch back that was refused, withdrawn or has expired."""
    release(number, ("proposed",), "not_approved")


def release(number: str, states: tuple[str, ...], why: str, *, by: str = SYSTEM, evidence: str = "") -> bool:
    """Give back what a batch took that nobody paid, in one transaction, and let its promise go; return whether it did.

    Repeating it only lets the promise go, which is safe.
    """
    details = {"reason": why, **({"evidence": evidence} if evidence else {})}
    line = entry.line(by, "enterprise_payout.release", f"enterprise_payout:{number}", **details)

    def write(session: ClientSession) -> bool:
        if payout.move(number, states, {"state": "released", "released_for": why}, session=session) is None:
            return False
        waiting = payout_payment.of_payout(number, session)
        payout_payment.write((payout_payment.update(one, {"state": "unsent"}) for one in waiting), session)
        offer.move({"payout": number}, ("in_batch",), {"$set": {"state": "payable"}}, session)
        total = sum(one["amount_fen"] for one in waiting)
        payout.count(number, {("waiting", "unsent"): (len(waiting), total)}, session)
        entry.write(line, session)
        return True

    done = transactions.run(write)
    found = payout.read(number)
    if found["state"] == "released" and found.get("hold"):
        bank_promise.let_go(f"enterprise:{number}:let-go", found["hold"])
    return done
