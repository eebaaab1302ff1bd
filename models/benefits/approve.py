"""Approval by finance: one member proposes a batch for payment, a second one approves, and the fund promises the sum.

    publicity_done ─propose─▶ proposed ─approved, funded─▶ approved
                                 └─refused, withdrawn, expired, not enough in the fund─▶ publicity_done

Lines that an open objection holds do not wait, nor does the batch: both persons see their number and sum, the fund
promises them as well, and whichever becomes free is approved with that. Nothing else can be added to an approved batch.

The effect of an approval runs from the outbox and may run again at any point: the hold has a key of its own, the lines
move by their guards, then the batch, then what an objection let go in between.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict
from backend.money import yuan
from backend.store import transactions
from models.audit import entry
from models.benefits import batch, item, line, money, objection, progress
from models.benefits.line import BenefitLine
from models.benefits.progress import Turn
from models.identity import approval
from models.identity.actors import Staff, System
from models.payments import bank_promise
from models.payments.posting import InsufficientFunds

log = structlog.get_logger()
UNSETTLED = ("collected", "to_confirm")


class LinesUnsettled(Conflict):
    """409: lines of the batch wait for a check or a clerk."""

    code = "benefit_lines_unsettled"
    zh = "该批次还有 {number} 条明细待核验或待核实,请处理完毕后再报批。"
    en = "{number} lines of the batch are not settled yet."


class ObjectionOpen(Conflict):
    """409: objections hold all that could be paid."""

    code = "benefit_objection_open"
    zh = "该批次可发放的明细均有公示异议尚未办结,请办结后再报批。"
    en = "Objections that are not decided yet hold every line that could be paid."


class NothingToPay(Conflict):
    """409: no line of the batch can be paid."""

    code = "benefit_nothing_to_pay"
    zh = "该批次没有可以发放的明细。"
    en = "The batch has no line that can be paid."


class FundShort(Conflict):
    """409: the fund has less than the batch needs."""

    code = "benefit_fund_short"
    zh = "资金专户可用余额 {available} 元,不足本次发放的 {needed} 元,请先拨入资金。"
    en = "The fund has {available} yuan left, the payment needs {needed}. Put money in first."


def fund_of(found: Mapping[str, Any]) -> str:
    """Return the ledger account that pays a batch."""
    fund = str(item.read(found["item_id"])["fund"])
    return fund if ":" in fund else f"fund:{fund}"


def payable(found: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many lines would be paid, and their sum; those approved by a run that was cut off count as well."""
    states = ("ok", "approved")
    return sum(found["counts"].get(one, 0) for one in states), sum(found["sums"].get(one, 0) for one in states)


def require_available(fund: str, fen: int) -> None:
    """Check that a fund has an amount that is not promised away.

    Raises:
        FundShort: it has less, or was never opened.
    """
    available = bank_promise.available(fund)
    if available < fen:
        raise FundShort(available=yuan(available), needed=yuan(fen))


def propose(actor: Staff, batch_id: ObjectId, reason: str) -> dict[str, Any]:
    """Propose a batch whose publicity is over for payment; return the approval that waits for a second person.

    Raises:
        NotFound: no such batch within the actor's scope.
        BatchStateWrong: its publicity is not over, or it was proposed.
        LinesUnsettled, NothingToPay, ObjectionOpen, FundShort: see there; the fund must have what is held as well.
    """
    found = batch.reach(actor, "benefit.propose", batch_id)
    batch.require_state(found, ("publicity_done",))
    if waiting := sum(found["counts"].get(one, 0) for one in UNSETTLED):
        raise LinesUnsettled(number=waiting)
    held = objection.held(batch_id)
    # Read after that: what an objection lets go in between counts twice rather than not at all.
    found = batch.read(batch_id)
    paid = payable(found)
    if not paid[0]:
        raise ObjectionOpen if held[0] else NothingToPay
    require_available(fund_of(found), paid[1] + held[1])
    made = _approval(actor, found, reason, paid=paid, held=held)
    told = {"proposed_by": actor.key, "approval": made["_id"]}

    def change(session: ClientSession) -> None:
        batch.move(batch_id, ("publicity_done",), "proposed", told=told, session=session)
        approval.store(actor, made, session)

    transactions.run(change)
    return made


def _approval(
    actor: Staff, found: Mapping[str, Any], reason: str, *, paid: tuple[int, int], held: tuple[int, int]
) -> dict[str, Any]:
    made, batch_id = ObjectId(), str(found["_id"])
    sums = {"lines": paid[0], "total_fen": paid[1], "held_lines": held[0], "held_fen": held[1]}
    return approval.record(
        actor,
        "benefit_payment",
        f"benefit_batch:{batch_id}",
        reason=reason,
        approval_id=made,
        effect=outbox.entry("trust", "benefits.approved", batch=batch_id, approval=str(made)),
        otherwise=outbox.entry("trust", "benefits.not_approved", batch=batch_id, approval=str(made)),
        details={"number": found["number"], **sums, "findings": found.get("findings") or {}},
        member=_collector(found),
    )


def _collector(found: Mapping[str, Any]) -> ObjectId | None:
    """Return who collected the batch: not the one who may approve it."""
    kind, _, member = str(found["created_by"]).partition(":")
    return ObjectId(member) if kind == "staff" and ObjectId.is_valid(member) else None


def carry_out(batch_id: ObjectId, approval_id: ObjectId) -> None:
    """Do what an approval set going: promise the sum, approve the lines, move the batch. Repeating it is safe."""
    found, decided = batch.read(batch_id), approval.read(approval_id)
    if found.get("approval") != approval_id:
        return
    if found["state"] != "proposed":
        _note(found, approval_id)
        return
    if decided.get("outcome"):  # it was decided that there is no effect, before a kill
        _reopen(found, approval_id)
        return
    by = f"staff:{decided['decided_by']}"
    if by in {found["created_by"], found.get("submitted_by"), found.get("published_by")}:
        _give_back(found, decided, "own_batch")
        return
    fen = decided["details"]["total_fen"] + decided["details"]["held_fen"]
    try:
        about = {"batch": str(batch_id), "number": found["number"]}
        key = f"benefit:{found['number']}:{approval_id}"
        held = money.promise(key, fund_of(found), fen, about=about, since=decided["decided_at"])
    except InsufficientFunds:
        _give_back(found, decided, "fund_short")
        return
    _approve_lines(found, by)
    _move(found, decided, by, held)
    log.info("benefit_batch_approved", batch=str(batch_id), lines=decided["details"]["lines"])


def _approve_lines(found: Mapping[str, Any], by: str) -> None:
    query = {"batch": found["_id"], "state": "ok"}
    change = {"$set": {"state": "approved"}, "$push": line.history(by, "approved")}
    BenefitLine._get_collection().update_many(query, change)
    line.recount(found["_id"])


def _move(found: Mapping[str, Any], decided: Mapping[str, Any], by: str, hold: str) -> None:
    told = {"approved_by": by, "approved_at": clock.now(), "hold": hold}
    progress.leave(System("finance"), found, Turn("approved", "approved", ("proposed",), told))
    _note(batch.read(found["_id"]), decided["_id"])


def _note(found: Mapping[str, Any], approval_id: ObjectId) -> None:
    """Write down that an approval had its effect, after approving what became free just before the batch moved."""
    if found.get("approved_at"):
        if found["counts"].get("ok"):
            _approve_lines(found, found["approved_by"])
        approval.finish(approval_id, "approved")


def _give_back(found: Mapping[str, Any], decided: Mapping[str, Any], outcome: str) -> None:
    """Let a batch wait for another proposal; `outcome` says why the approval had no effect."""
    approval.finish(decided["_id"], outcome)
    _reopen(found, decided["_id"])


def give_up(batch_id: ObjectId, approval_id: ObjectId) -> None:
    """Let a batch wait for another proposal when this one was refused, withdrawn or has expired."""
    _reopen(batch.read(batch_id), approval_id)


def _reopen(found: Mapping[str, Any], approval_id: ObjectId) -> None:
    if found.get("approval") != approval_id or found["state"] != "proposed":
        return
    said = entry.line("system:finance", "benefit.not_approved", f"benefit_batch:{found['_id']}", unit=found["unit"])

    def change(session: ClientSession) -> None:
        batch.move(found["_id"], ("proposed",), "publicity_done", session=session)
        entry.write(said, session)

    transactions.run(change)
