"""A batch's lines on their way to the bank: opening a payment file, filling it, and its bytes.

Filling is a long job in pieces of one transaction each: payments come into being with the move of their lines, so that
a kill leaves a piece done or not begun. `hand_in` takes it from there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import jobs, metrics, outbox, payout_file
from backend.errors import Conflict
from backend.payout_file import Order
from backend.store import transactions
from models.audit import entry
from models.benefits import (
    approve,
    batch,
    bulk_move,
    line,
    money,
    payment,
    payment_file,
    tell,
)
from models.benefits.bulk_move import LineMove
from models.benefits.payment import BenefitPayment
from models.benefits.payment_file import BenefitFile, FileStateWrong
from models.identity.actors import Staff
from models.payments.posting import InsufficientFunds

log = structlog.get_logger()
PIECE = 500
FUND_SECONDS = 600.0


class FileOpen(Conflict):
    """409: a file of the batch is being made already."""

    code = "benefit_file_open"
    zh = "该批次的代发文件 {number} 正在生成或待送银行,请等待完成。"
    en = "The batch's file {number} is not handed in yet. Wait for it."


class NothingToSend(Conflict):
    """409: no line waits for the bank."""

    code = "benefit_nothing_to_send"
    zh = "该批次没有待发放或已更正的明细。"
    en = "No line of the batch waits to be sent."


class FileChanged(Conflict):
    """409: the payments give other bytes than those that were noted."""

    code = "benefit_file_changed"
    zh = "代发文件内容与生成时不一致,已停止发送,请联系运维人员。"
    en = "The file's content differs from when it was made. It was not sent; tell the operators."


def open_file(actor: Staff, batch_id: ObjectId) -> dict[str, Any]:
    """Open the next file of a batch: first the approved lines, later the repaired ones. A job fills it.

    Raises:
        NotFound: no such batch within the actor's scope.
        BatchStateWrong: it is not approved.
        FileOpen: the last one is not at the bank yet.
        NothingToSend: no line waits.
    """
    found = batch.reach(actor, "benefit.pay", batch_id)
    batch.require_state(found, ("approved", "paying", "paid"))
    before = payment_file.of_batch(batch_id)
    if before and before[-1]["state"] in ("filling", "ready"):
        raise FileOpen(number=before[-1]["_id"])
    takes = "approved" if found["counts"].get("approved") else "repaired"
    if not found["counts"].get(takes):
        raise NothingToSend
    hold = found.get("hold", "") if not before else ""
    made = payment_file.record(
        found, len(before) + 1, takes=takes, payer=approve.fund_of(found), by=actor.key, hold=hold
    )
    return _opened(actor, found, made, found["counts"][takes])


def _opened(actor: Staff, found: Mapping[str, Any], made: dict[str, Any], number: int) -> dict[str, Any]:
    said = entry.line(
        actor.key, "benefit.open_file", f"benefit_batch:{found['_id']}", unit=actor.unit, file=made["_id"], lines=number
    )

    def change(session: ClientSession) -> dict[str, Any]:
        pieces = -(-number // PIECE)
        told: dict[str, Any] = {"args": {"file": made["_id"]}, "total": pieces, "started_by": actor.key}
        record = {**made, "job": jobs.start("benefits.fill_file", **told, unit=actor.unit, session=session)["_id"]}
        BenefitFile._get_collection().insert_one(record, session=session)
        batch.move(found["_id"], ("approved", "paying", "paid"), "paying", session=session)
        entry.write(said, session)
        return record

    try:
        record = transactions.run(change)
    except DuplicateKeyError:
        raise FileOpen(number=made["_id"]) from None
    outbox.wake("reports")
    return record


def fill(job_id: ObjectId) -> None:
    """Work on the job that fills a file; when all lines are in, number and fund it.

    Raises:
        outbox.Later: there is more to do, or the fund has too little.
    """
    found = payment_file.read(jobs.read(job_id)["args"]["file"])
    if found["state"] != "filling":
        return

    def piece(after: str | None) -> list[str]:
        lines = _waiting(found, after=ObjectId(after) if after else None)
        return [str(lines[-1]["_id"])] if lines else []

    jobs.work(job_id, piece, lambda last: _put(found, ObjectId(last)))
    complete(found["_id"])


def _waiting(found: Mapping[str, Any], after: ObjectId | None = None) -> list[dict[str, Any]]:
    return line.of_batch(found["batch"], after=after, most=PIECE, state=found["takes"])


def _put(found: Mapping[str, Any], last: ObjectId) -> None:
    """Put the lines up to the last of a piece into the file; those that are in it already are not waiting any more."""
    lines = [one for one in _waiting(found) if one["_id"] <= last]
    sealed = [(one, payment.record(found["_id"], one, told)) for one in lines if (told := line.opened(one)).account]
    made = [record for _, record in sealed]
    going = {record["line"] for record in made}
    to = "sent" if found["takes"] == "approved" else "resent"
    # The account as it was read: who corrects it meanwhile has the piece filled again.
    moves = [_move(found, one, to if one["_id"] in going else "failed") for one in lines]
    fen = sum(record["amount_fen"] for record in made)

    def change(session: ClientSession) -> None:
        if made:
            BenefitPayment._get_collection().insert_many(made, session=session)
        if moves:
            bulk_move.write(found["batch"], moves, session)
        payment_file.count(found["_id"], {("", "waiting"): (len(made), fen)} if made else {}, session)

    transactions.run(change)
    outbox.wake("notify")


def _move(found: Mapping[str, Any], one: Mapping[str, Any], to: str) -> LineMove:
    guard = {"account": one.get("account")}
    if to != "failed":
        return LineMove(one, to, line.history("system:bank", to, file=found["_id"]), guard=guard)
    pushed = line.history("system:bank", "failed", file=found["_id"], code="no_account")
    return LineMove(one, "failed", pushed, tell.entries(one, "failed", found["_id"], "no_account"), guard=guard)


def complete(number: str) -> None:
    """Number the payments of a filled file, promise its money and note its digest; repeating it is safe.

    Raises:
        outbox.Later: the fund has less than the file needs; the file waits.
    """
    found = payment_file.read(number)
    if found["state"] != "filling":
        return
    if not payment.number_all(number):
        if found.get("hold"):
            money.let_go(f"benefit:{number}:let-go", found["hold"])
        payment_file.move(number, ("filling",), {"state": "empty"})
        return
    hold = found.get("hold") or _promise(found)
    told = {"state": "ready", "hold": hold, "digest": payout_file.digest(_written(found)), "waits": ""}
    payment_file.move(number, ("filling",), told, follow=(outbox.entry("bills", "benefits.send_file", file=number),))
    outbox.wake("bills")
    log.info("benefit_file_ready", file=number)


def _promise(found: Mapping[str, Any]) -> str:
    about = {"batch": str(found["batch"]), "file": found["_id"]}
    fen = found["sums"]["waiting"]
    try:
        return money.promise(f"benefit:{found['_id']}", found["payer"], fen, about=about, since=found["opened_at"])
    except InsufficientFunds:
        payment_file.move(found["_id"], ("filling",), {"waits": "fund"})
        raise outbox.Later(FUND_SECONDS) from None


def _orders(number: str) -> Iterator[Order]:
    after = 0
    while found := payment.of_file(number, after=after, most=1000):
        for one in found:
            name, account = payment.opened(one)
            yield Order(one["seq"], account, name, one["amount_fen"])
        after = found[-1]["seq"]


def _written(found: Mapping[str, Any]) -> bytes:
    number = batch.read(found["batch"])["number"]
    return payout_file.write(found["_id"], number, found["payer"], found["remark"], _orders(found["_id"]))


def content(number: str) -> bytes:
    """Return the bytes of a file that is ready: the same at every call.

    Raises:
        FileStateWrong: it is still being filled.
        FileChanged: the payments are not those any more that were noted.
    """
    found = payment_file.read(number)
    if "digest" not in found:
        raise FileStateWrong(found)
    data = _written(found)
    if payout_file.digest(data) != found["digest"]:
        metrics.ALARMS.labels("benefit_file_changed").inc()
        raise FileChanged
    return data
