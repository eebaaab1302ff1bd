"""The end of a batch: every line arrived, or finance gives back to the fund what nobody repaired.

    paying ─all arrived─▶ paid        paying ─finance closes, the term is over─▶ (failed ─▶ lapsed) ─▶ closed
    paid, closed ─the bank takes a payment back─▶ paying

A lapsed line takes no money with it: its file let go of what was not paid. Its person is told, and where to ask for it.
"""

from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict
from backend.store import transactions
from models.affairs import clock as legal
from models.audit import entry
from models.benefits import batch, bulk_move, kinds, line, objection, tell
from models.benefits.batch import BenefitBatch
from models.benefits.bulk_move import LineMove
from models.benefits.line import BenefitLine
from models.identity import staff
from models.identity.actors import Staff

ON_THEIR_WAY = ("ok", "approved", "sent", "resent", "repaired")
PIECE = 500
PIECES_AT_ONCE = 20


class LinesOnTheirWay(Conflict):
    """409: lines wait to be sent, for the bank, or for an objection to be decided."""

    code = "benefit_lines_on_their_way"
    zh = "还有 {number} 条明细待发放、在途或异议未办结,不能结清;请先发放,或等待回盘和异议办结。"
    en = "{number} lines wait to be sent, for the bank or for an objection. Let them end first."


class TermRunning(Conflict):
    """409: whoever did not get their money has time left to repair it."""

    code = "benefit_term_running"
    zh = "发放失败的明细可由本人更正至 {day}(最后一次失败后 {days} 个工作日),期满后方可结清。"
    en = "Lines that failed may be repaired until {day}. Close the batch after that."


def follow(batch_id: ObjectId) -> None:
    """Let a batch end when no line of it is under way any more, and open it again when one came back."""
    found = line.recount(batch_id)
    under_way = _on_their_way(found) + found["counts"].get("failed", 0)
    lapsed, now = found["counts"].get("lapsed"), clock.now()
    if found["state"] == "paying" and not under_way and (lapsed or found["counts"].get("paid")):
        told = {"state": "closed", "closed_at": now} if lapsed else {"state": "paid", "paid_at": now}
        guard = {"_id": batch_id, "state": "paying", "moves": found["moves"]}
        BenefitBatch._get_collection().update_one(guard, {"$set": told})
    elif found["state"] in ("paid", "closed") and under_way:
        guard = {"_id": batch_id, "state": found["state"]}
        BenefitBatch._get_collection().update_one(guard, {"$set": {"state": "paying"}})


def _on_their_way(found: dict[str, Any]) -> int:
    return sum(found["counts"].get(one, 0) for one in ON_THEIR_WAY) + objection.held(found["_id"])[0]


def close(actor: Staff, batch_id: ObjectId) -> dict[str, Any]:
    """Begin to give back to the fund what nobody repaired within the term; again changes nothing. Return the batch.

    Raises:
        NotFound: no such batch within the actor's scope.
        BatchStateWrong: it is not being paid, or nothing of it failed.
        LinesOnTheirWay, TermRunning: see there.
    """
    found = batch.reach(actor, "benefit.pay", batch_id)
    if found["state"] == "closed" or found.get("closing"):
        return found
    batch.require_state(found, ("paying",) if found["counts"].get("failed") else ())
    if waiting := _on_their_way(found):
        raise LinesOnTheirWay(number=waiting)
    last = _last_failure(batch_id)
    due = legal.deadline(last, kinds.REPAIR)
    if clock.now() < due:
        raise TermRunning(day=legal.last_day(due).isoformat(), days=kinds.REPAIR.days)
    return _begun(actor, batch_id, last)


def _begun(actor: Staff, batch_id: ObjectId, last: datetime) -> dict[str, Any]:
    said = entry.line(actor.key, "benefit.close", f"benefit_batch:{batch_id}", unit=actor.unit)
    follows = (outbox.entry("bills", "benefits.give_back", batch=str(batch_id)),)
    told = {"closing": last, "closed_by": actor.key}

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, said, session)
        entry.write(said, session)
        return batch.move(batch_id, ("paying",), "paying", told=told, follow=follows, session=session)

    found = transactions.run(change)
    outbox.wake("bills")
    return found


def _last_failure(batch_id: ObjectId) -> datetime:
    """Return when a line of a batch failed last: the last entry of its history says it."""
    grouped = BenefitLine._get_collection().aggregate(
        [
            {"$match": {"batch": batch_id, "state": "failed"}},
            {"$group": {"_id": None, "at": {"$max": {"$last": "$history.at"}}}},
        ]
    )
    return next((one["at"] for one in grouped), clock.now())


def give_back(batch_id: ObjectId) -> None:
    """Let the lines lapse that failed before a batch was closed, then let it end; repeating it is safe.

    A line that was repaired meanwhile stays as it is, and the batch stays open for it.

    Raises:
        outbox.Later: there are more than fit into one lease.
    """
    found = batch.read(batch_id)
    if not found.get("closing"):
        return
    for _ in range(PIECES_AT_ONCE):
        if not _piece(found):
            break
    else:
        raise outbox.Later(0)
    follow(batch_id)
    BenefitBatch._get_collection().update_one({"_id": batch_id}, {"$unset": {"closing": ""}})
    outbox.wake("notify")


def _piece(found: dict[str, Any]) -> bool:
    """Let some lines lapse; return whether there may be more."""
    query = {"batch": found["_id"], "state": "failed", "history.at": {"$not": {"$gt": found["closing"]}}}
    shown = {"state": 1, "amount_fen": 1, "person": 1}
    rows = list(BenefitLine._get_collection().find(query, shown).sort("_id", 1).limit(PIECE))
    pushed = line.history("system:finance", "lapsed")
    moves = [LineMove(one, "lapsed", pushed, tell.entries(one, "lapsed", "closing")) for one in rows]
    if moves:
        transactions.run(lambda session: bulk_move.write(found["_id"], moves, session))
    return bool(rows)
