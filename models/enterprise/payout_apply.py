"""Applying a return of the bank: read whole, matched row by row (`return_match`), applied once in one transaction.

The document of the return is written in that transaction under its number, so that the same return again changes
nothing. What was paid makes the offer paid, what failed lets the firm name another account.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, metrics, outbox, payout_file
from backend.errors import Conflict, Unavailable
from backend.payout_file import Returned, Row
from backend.store import transactions
from models.audit import entry
from models.enterprise import payout, payout_payment, payout_return, payout_settle, policy
from models.enterprise.offer import Offer
from models.enterprise.payout import Payout, PayoutStateWrong
from models.enterprise.payout_return import FirmReturn
from models.identity.actors import Staff
from models.payments import bank_codes, return_match

_OFFER = {"paid": ("in_batch", "paid"), "failed": ("in_batch", "failed"), "reversed": ("paid", "failed")}


class PayoutReturnUsed(Conflict):
    """409: another return came with this number."""

    code = "enterprise_return_number_used"
    zh = "该序号的回盘文件此前已收到,且内容不同;未作处理,请向银行核实。"
    en = "Another return file came with this number. Nothing was done; ask the bank."


class OtherPayout(Conflict):
    """409: the return belongs to another batch."""

    code = "enterprise_return_of_other_payout"
    zh = "这是拨付批次 {number} 的回盘,请到该批次下上传。"
    en = "This return belongs to the batch {number}."


class PaymentsMoved(Unavailable):
    """503: somebody moved a payment meanwhile; nothing was written."""

    code = "enterprise_payments_moved"


def upload(actor: Staff, number: str, data: bytes) -> dict[str, Any]:
    """Apply a return that a member got from the bank by hand; the same file again changes nothing. Return the batch.

    Raises:
        NotFound: no such batch within reach.
        ReturnFileRefused: it does not hold together.
        OtherPayout, PayoutReturnUsed, PayoutStateWrong: it does not belong here.
    """
    policy.within(actor, "policy.payout", payout.read(number)["policy"])
    line = entry.line(actor.key, "enterprise_payout.upload_return", f"enterprise_payout:{number}", unit=actor.unit)
    receive(data, by=actor.key, number=number, audit=line)
    return payout.read(number)


def receive(data: bytes, *, by: str, number: str, audit: dict[str, Any] | None = None) -> None:
    """Apply a return of a batch.

    Raises:
        ReturnFileRefused: it does not hold together.
        OtherPayout, PayoutReturnUsed, PayoutStateWrong: it does not belong here.
    """
    told = payout_file.read(data)
    if told.file_no != number:
        raise OtherPayout(number=told.file_no)
    found = payout.read(number)
    if found["state"] not in payout.AT_BANK:
        raise PayoutStateWrong(found)
    if not _known(told):
        try:
            transactions.run(lambda session: _apply(told, by, audit, session))
        except DuplicateKeyError:
            _known(told)
    payout_settle.settle(number)


def _known(told: Returned) -> bool:
    found = FirmReturn._get_collection().find_one({"_id": f"{told.file_no}:{told.number}"})
    if found and found["digest"] != told.digest:
        metrics.ALARMS.labels("enterprise_return_number_used").inc()
        raise PayoutReturnUsed
    return found is not None


def _apply(told: Returned, by: str, audit: dict[str, Any] | None, session: ClientSession) -> None:
    number = told.file_no
    known = {one["seq"]: one for one in payout_payment.of_payout(number, session)}
    made = return_match.match(told.rows, known, payout_payment.account_number, of="firm")
    FirmReturn._get_collection().insert_one(payout_return.record(told, made, by), session=session)
    move(number, [(known[row.seq], row) for row in made.fitting], session)
    if made.differences:
        metrics.ALARMS.labels("enterprise_return_difference").inc()
        payout.differ(number, [{**one, "return": told.number} for one in made.differences], session)
    if audit:
        entry.write(audit, session)


def move(
    number: str, fitting: Sequence[tuple[Mapping[str, Any], Row]], session: ClientSession, *, by: str = ""
) -> None:
    """Move payments and their offers as the bank says, within a transaction.

    Raises:
        PaymentsMoved: one of them is elsewhere.
    """
    if not fitting:
        return
    now, sums = clock.now(), defaultdict[tuple[str, str], tuple[int, int]](lambda: (0, 0))
    payments, offers = [], []
    for paid, row in fitting:
        told: dict[str, Any] = {"state": row.outcome, "settled_at": now}
        told |= {} if row.outcome == "paid" else {"code": _code(row)}
        told |= {"serial": row.serial} if row.serial else {}
        payments.append(payout_payment.update(paid, told | ({"by": by} if by else {})))
        offers.append(_offer_update(paid, row, now))
        many, fen = sums[paid["state"], row.outcome]
        sums[paid["state"], row.outcome] = many + 1, fen + row.fen
    if payout_payment.write(payments, session) < len(payments):
        raise PaymentsMoved
    if Offer._get_collection().bulk_write(offers, session=session).matched_count < len(offers):
        raise PaymentsMoved
    payout.count(number, sums, session)
    _follow_reversals(number, [paid for paid, row in fitting if row.outcome == "reversed"], session)


def _code(row: Row) -> str:
    return "reversed" if row.outcome == "reversed" else bank_codes.known(row.code)


def _offer_update(paid: Mapping[str, Any], row: Row, now: Any) -> UpdateOne:
    before, after = _OFFER[row.outcome]
    guard = {"_id": paid["offer"], "state": before, "payout": paid["payout"]}
    if after == "paid":
        return UpdateOne(guard, {"$set": {"state": after, "paid_at": now}, "$unset": {"overdue": "", "code": ""}})
    return UpdateOne(guard, {"$set": {"state": after, "code": _code(row)}, "$unset": {"paid_at": ""}})


def _follow_reversals(number: str, reversed_: Sequence[Mapping[str, Any]], session: ClientSession) -> None:
    """Name what the ledger has to book; before the batch is settled there is nothing to take back."""
    if not reversed_ or payout.read(number, session)["state"] != "settled":
        return
    entries = [outbox.entry("bills", "enterprise.book_reversal", payment=one["_id"]) for one in reversed_]
    push = {"$push": {"outbox": {"$each": entries}}}
    Payout._get_collection().update_one({"_id": number}, push, session=session)
