"""A payment file at the bank: handing it in, asking how far it is, giving its lines back where the bank took nothing.

Handing in may end without an answer: then the bank is asked first, and it knows the file by its number, so that nothing
is paid twice.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from pymongo.client_session import ClientSession

from backend import clock, metrics, outbox
from backend.payout_bank import BankRefusedFile, Standing
from backend.payout_file import ReturnFileRefused
from backend.store import transactions
from models.benefits import bank_file, bulk_move, line, money, payment, payment_file, receive_return
from models.benefits.bulk_move import LineMove
from models.benefits.line import BenefitLine
from models.benefits.payment import BenefitPayment
from models.benefits.receive_return import OtherFile, ReturnNumberUsed
from models.payments import bank_channel

log = structlog.get_logger()
PIECE = 500


def send(number: str) -> None:
    """Hand a file in, once. Where an earlier try had no answer, the bank is asked first whether it has it.

    Raises:
        BankUnknown: no answer came; the queue asks again.
    """
    found = payment_file.read(number)
    if found["state"] != "ready":
        return
    try:
        standing = bank_channel.handed_in(
            number,
            tried=bool(found.get("tried_at")),
            trying=lambda: payment_file.move(number, ("ready",), {"tried_at": clock.now()}),
            content=lambda: bank_file.content(number),
        )
    except BankRefusedFile as refusal:
        _refused(number, refusal.reason)
        return
    accept(number, standing)


def accept(number: str, standing: Standing) -> None:
    """Note that the bank has a file, and go on asking for what comes back."""
    found = payment_file.read(number)
    if standing.digest != found["digest"]:
        metrics.ALARMS.labels("benefit_file_contested").inc()
        payment_file.move(number, ("ready",), {"state": "contested", "reason": "digest"})
        return
    told = {"state": "accepted", "accepted_at": clock.now()}
    if payment_file.move(number, ("ready",), told, follow=(outbox.entry("bills", "benefits.ask_bank", file=number),)):
        outbox.wake("bills")
        log.info("benefit_file_accepted", file=number)


def _refused(number: str, reason: str) -> None:
    """Note that the bank took nothing of a file; where another one has its number, a person must look first."""
    metrics.ALARMS.labels("benefit_file_refused").inc()
    if reason == "number used":
        payment_file.move(number, ("ready",), {"state": "contested", "reason": "number_used"})
        return
    follow = (outbox.entry("bills", "benefits.release_file", file=number),)
    payment_file.move(number, ("ready",), {"state": "refused", "reason": reason}, follow=follow)
    outbox.wake("bills")


def release(number: str) -> None:
    """Give the lines of a refused file back, so that the next file takes them, and let its promise go."""
    found = payment_file.read(number)
    if found["state"] != "refused":
        return
    while pending := payment.of_file(number, most=PIECE, state="waiting"):
        _release_piece(found, pending)
    money.let_go(f"benefit:{number}:let-go", found["hold"])


def _release_piece(found: Mapping[str, Any], pending: list[dict[str, Any]]) -> None:
    query = {"_id": {"$in": [one["line"] for one in pending]}}
    lines = list(BenefitLine._get_collection().find(query, {"state": 1, "amount_fen": 1}))
    pushed = line.history("system:bank", "unsent", file=found["_id"])
    moves = [LineMove(one, found["takes"], pushed) for one in lines]
    fen = sum(one["amount_fen"] for one in pending)

    def change(session: ClientSession) -> None:
        query = {"_id": {"$in": [one["_id"] for one in pending]}, "state": "waiting"}
        done = {"$set": {"state": "unsent"}, "$unset": {"live": ""}}
        if BenefitPayment._get_collection().update_many(query, done, session=session).matched_count < len(pending):
            raise bulk_move.LinesMoved
        bulk_move.write(found["batch"], moves, session)
        payment_file.count(found["_id"], {("waiting", "unsent"): (len(pending), fen)}, session)

    transactions.run(change)


def ask(number: str) -> None:
    """Ask the bank how far a file is and fetch what came back; go on asking while more may come.

    Raises:
        BankUnknown: no answer came.
        outbox.Later: more may come.
    """
    found = payment_file.read(number)
    if found["state"] not in ("accepted", "settled"):
        return
    done, returns = bank_channel.standing(number, found["returns"])
    for one, data in returns:
        _fetched(number, one, data)
        payment_file.move(number, payment_file.AT_BANK, {"returns": one})
    payment_file.move(number, payment_file.AT_BANK, {"polls": found["polls"] + 1, "bank_done": done})
    if payment_file.due_after_settling(found, bank_channel.LATE_DAYS):
        raise outbox.Later(bank_channel.again_in(found["polls"], settled=found["state"] == "settled"))


def _fetched(number: str, count: int, data: bytes) -> None:
    """Take a return in; one that does not count is noted, and keeps no later one from coming."""
    try:
        receive_return.receive(data, by="system:bank", file_no=number)
    except ReturnFileRefused as refusal:
        receive_return.note_refused(number, count, refusal.reason)
    except (OtherFile, ReturnNumberUsed) as refusal:
        receive_return.note_refused(number, count, refusal.code)
