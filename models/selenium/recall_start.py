"""Starting a recall: the office by two persons, a grower for an own lot alone; and taking a drawn one back.

The recall moves and its job is stored in one transaction, so that no recall is under way without a job.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox
from backend.store import transactions
from models.audit import entry
from models.identity import approval, staff
from models.identity.actors import Staff
from models.selenium import recall, recall_level
from models.selenium.producer import Grower
from models.selenium.recall import Recall, RecallMoved

KIND = "recall"


def propose(actor: Staff, number: str, *, reason: str) -> dict[str, Any]:
    """Propose to start a drawn recall; it starts when a second person approves.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such recall in the actor's area.
        RecallMoved: it is not drawn, or a grower's.
        RecallRunning: another recall of its lot is proposed or under way.
    """
    found = recall.in_reach(actor, "recall.start", number)
    if found["by_grower"]:
        raise RecallMoved
    made = ObjectId()
    record = approval.record(
        actor,
        KIND,
        f"recall:{number}",
        reason=reason,
        approval_id=made,
        effect=outbox.entry("trust", "selenium.start_recall", recall=number, approval=str(made)),
        otherwise=outbox.entry("trust", "selenium.drop_recall", recall=number, approval=str(made)),
        details={"lot": found["lot"], "level": found["level"], **found["counts"]},
    )
    line = entry.line(actor.key, "recall.propose", f"recall:{number}", unit=actor.unit)
    step = recall.step("propose", actor.key)

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        told: dict[str, Any] = {"state": "proposed", "running": True, "approval": made}
        moved = recall.move(number, ("drawn",), step, session, **told)
        approval.store(actor, record, session)
        entry.write(line, session)
        return moved

    return transactions.run(change)


def carry_out(number: str, approval_id: ObjectId) -> None:
    """Start a recall that two persons agreed on, once."""
    found, decided = recall.read(number), approval.read(approval_id)
    if found.get("approval") != approval_id or found["state"] != "proposed":
        return
    by = f"staff:{decided['decided_by']}"
    line = entry.line(by, "recall.start", f"recall:{number}", unit=decided["unit"], approval=str(approval_id))

    def also(session: ClientSession) -> None:
        approval.finish(approval_id, "started", session)

    _start(found, ("proposed",), line, also, unit=decided["unit"])


def drop(number: str, approval_id: ObjectId) -> None:
    """Let a recall be a drawing again when its proposal was refused, withdrawn or has expired."""
    line = entry.line("system:recall", "recall.not_approved", f"recall:{number}", approval=str(approval_id))
    step = recall.step("not_approved", "system:recall")

    def change(session: ClientSession) -> None:
        try:
            recall.move(
                number,
                ("proposed",),
                step,
                session,
                drop=("running", "approval"),
                guard={"approval": approval_id},
                state="drawn",
            )
        except RecallMoved:
            return
        entry.write(line, session)

    transactions.run(change)


def start(grower: Grower, number: str) -> dict[str, Any]:
    """Start the recall of one's own lot that one has drawn; one under way stays so.

    Raises:
        NotFound: no such recall of the producer.
        RecallMoved: it was withdrawn or closed, or the office has drawn it.
        RecallRunning: another recall of the lot is proposed or under way.
    """
    found = recall.own(grower, number)
    if not found["by_grower"]:
        raise RecallMoved
    if found["state"] == "under_way":
        return found
    line = entry.line(grower.actor_key, "recall.start", f"recall:{number}", unit=grower.unit)
    return _start(found, ("drawn",), line)


def _start(
    found: dict[str, Any], before: tuple[str, ...], line: dict[str, Any], also: Any = None, *, unit: str = ""
) -> dict[str, Any]:
    now, number, by = clock.now(), found["_id"], line["actor"]
    told = {"started_at": now, "done_by": recall_level.terms(found["level"]).done_by(now)}
    step = recall.step("start", by)

    def change(session: ClientSession) -> dict[str, Any]:
        job = jobs.start(
            "selenium.run_recall",
            args={"recall": number},
            total=_total(found),
            started_by=by,
            unit=unit,
            session=session,
        )
        more = {"state": "under_way", "running": True, "job": job["_id"], **told}
        moved = recall.move(number, before, step, session, **more)
        if also:
            also(session)
        entry.write(line, session)
        return moved

    moved = transactions.run(change)
    outbox.wake("reports")
    return moved


def _total(found: dict[str, Any]) -> int:
    return sum(found["counts"][name] for name in ("lots", "source_lots", "packs", "boxes", "things", "buyers"))


def withdraw(actor: Staff | Grower, number: str) -> dict[str, Any]:
    """Take a drawn recall back; one that was withdrawn stays so.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such recall of the actor's.
        RecallMoved: it is proposed or was started.
    """
    if isinstance(actor, Staff):
        found = recall.in_reach(actor, "recall.start", number)
        mine = not found["by_grower"]
    else:
        found = recall.own(actor, number)
        mine = found["by_grower"]
    if not mine:
        raise RecallMoved
    if found["state"] == "withdrawn":
        return found
    line = entry.line(actor.key, "recall.withdraw", f"recall:{number}", unit=actor.unit)
    step = recall.step("withdraw", actor.key)

    def change(session: ClientSession) -> dict[str, Any]:
        if isinstance(actor, Staff):
            staff.require_acting(actor, line, session)
        moved = recall.move(number, ("drawn",), step, session, state="withdrawn")
        entry.write(line, session)
        return moved

    return transactions.run(change)


def of_lot(number: str) -> dict[str, Any] | None:
    """Return the recall of a lot that is proposed or under way."""
    return Recall._get_collection().find_one({"lot": number, "running": True})
