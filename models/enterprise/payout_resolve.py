"""Settling by hand what the bank leaves open: a line missing in its returns, a file that it says it never paid.

The member has the bank's word from elsewhere; the number of its paper stands in the audit. Only a payment that still
waits can be settled so, and only after the bank returned something of the file.
"""

from typing import Any

from pymongo.client_session import ClientSession

from backend.errors import Conflict
from backend.payout_file import Row
from backend.store import transactions
from models.audit import entry
from models.enterprise import payout, payout_apply, payout_payment, payout_propose, payout_return, payout_settle, policy
from models.enterprise.payout import PayoutStateWrong
from models.identity import staff
from models.identity.actors import Staff


class PaymentSettled(Conflict):
    """409: the payment has its result, or the bank said nothing of the file yet."""

    code = "enterprise_payment_not_open"
    zh = "该笔拨付已有结果,或银行尚未回盘,不能人工处理;请刷新后查看。"
    en = "This payment has its result, or the bank returned nothing yet."


def resolve(actor: Staff, number: str, seq: int, outcome: str, *, evidence: str) -> dict[str, Any]:
    """Settle a payment as `paid` or `failed` by the bank's word; return the batch.

    Raises:
        NotFound: no such batch within reach.
        PaymentUnknown: it has no payment of this number.
        PaymentSettled: it has its result, or there is no return yet.
    """
    policy.within(actor, "policy.payout", payout.read(number)["policy"])
    paid = payout_payment.one_of(number, seq)
    if paid["state"] != "waiting" or not payout_return.of_payout(number):
        raise PaymentSettled
    about = {"seq": seq, "outcome": outcome, "evidence": evidence}
    line = entry.line(actor.key, "enterprise_payout.resolve", f"enterprise_payout:{number}", unit=actor.unit, **about)
    row = Row(seq, "", paid["amount_fen"], "paid" if outcome == "paid" else "failed", "other")

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        payout_apply.move(number, [(paid, row)], session, by=actor.key)
        entry.write(line, session)

    transactions.run(change)
    payout_settle.settle(number)
    return payout.read(number)


def release(actor: Staff, number: str, *, evidence: str) -> dict[str, Any]:
    """Give the offers of a contested batch back, because the bank paid nothing of it; again changes nothing.

    Raises:
        NotFound: no such batch within reach.
        PayoutStateWrong: it is not contested.
    """
    found = payout.read(number)
    policy.within(actor, "policy.payout", found["policy"])
    if not payout_propose.release(number, ("contested",), "nothing_paid", by=actor.key, evidence=evidence):
        found = payout.read(number)
        if found["state"] != "released":
            raise PayoutStateWrong(found)
    return payout.read(number)
