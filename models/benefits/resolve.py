"""Settling by hand what the bank's files leave open: a line missing in the return, or returned with another amount.

The member has the bank's word from elsewhere; they say which way it went and why. Only a payment that still waits can
be settled so, and only after the bank has given a return of the file. Of a contested file the bank says on paper that
it paid nothing; then its lines wait for the next one.
"""

from typing import Any

from pymongo.client_session import ClientSession

from backend import outbox
from backend.errors import Conflict
from backend.store import transactions
from models.audit import entry
from models.benefits import apply_return, batch, payment_file, payment_views, return_file, settle_file
from models.benefits.payment_file import FileStateWrong
from models.identity import staff
from models.identity.actors import Staff


class NotOpen(Conflict):
    """409: the payment is settled, or the bank said nothing of the file yet."""

    code = "benefit_payment_not_open"
    zh = "该笔发放已有结果,或银行尚未回盘,不能人工处理;请刷新后查看。"
    en = "This payment has its result, or the bank returned nothing yet."


def release(actor: Staff, file_no: str, *, evidence: str) -> dict[str, Any]:
    """Give the lines of a contested file back, because the bank paid nothing of it; again changes nothing.

    Raises:
        NotFound: no such file within the actor's scope.
        FileStateWrong: it is not contested.
    """
    found = payment_file.read(file_no)
    batch.reach(actor, "benefit.pay", found["batch"])
    if found["state"] == "refused":
        return payment_views.file(found)
    follow = (outbox.entry("bills", "benefits.release_file", file=file_no),)
    said = entry.line(actor.key, "benefit.release_file", f"benefit_file:{file_no}", unit=actor.unit, evidence=evidence)

    def change(session: ClientSession) -> bool:
        staff.require_acting(actor, said, session)
        if not payment_file.move(file_no, ("contested",), {"state": "refused"}, follow=follow, session=session):
            return False
        entry.write(said, session)
        return True

    if not transactions.run(change):
        raise FileStateWrong(payment_file.read(file_no))
    outbox.wake("bills")
    return payment_views.file(payment_file.read(file_no))


def resolve(actor: Staff, file_no: str, seq: int, outcome: str, *, evidence: str) -> dict[str, Any]:
    """Settle a payment as `paid` or `failed` by the bank's word; `evidence` is the number of its paper.

    Raises:
        NotFound: no such payment within the actor's scope.
        NotOpen: it has its result, or there is no return yet.
    """
    found = payment_file.read(file_no)
    batch.reach(actor, "benefit.pay", found["batch"])
    paid = payment_views.payment_of(file_no, seq)
    if paid["state"] != "waiting" or not any(one["state"] == "applied" for one in return_file.of_file(file_no)):
        raise NotOpen
    said = entry.line(
        actor.key,
        "benefit.resolve",
        f"benefit_file:{file_no}",
        unit=actor.unit,
        seq=seq,
        outcome=outcome,
        evidence=evidence,
    )

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, said, session)
        apply_return.resolve(paid["_id"], outcome, by=actor.key, session=session)
        entry.write(said, session)

    transactions.run(change)
    outbox.wake("notify")
    settle_file.settle(file_no)
    return payment_views.file(payment_file.read(file_no))
