"""Confirming and undoing a closing: sales stop at once, a long job cancels, gives all money back and tells the owners.

The job is that of `close_many`: what a kill left open it closes; owners are told with the write that cancels. Reopening
sells again what this closing closed and has not ended; orders that the job has not reached stay.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox
from backend.store import transactions
from models.audit import entry
from models.booking import close_many, close_orders, slot
from models.identity.actors import Staff
from models.sport import closure


def confirm(actor: Staff, closure_id: ObjectId) -> dict[str, Any]:
    """Close what was looked at and begin the job that cancels and tells; again returns the same.

    Raises:
        NotFound: no such closing in the actor's scope.
        ProposalOld: it was looked at too long ago.
    """
    found, unit = closure.reached(actor, "slot.close", closure_id)
    if found["state"] != "proposed":
        return found
    now = clock.now()
    if clock.civil(found["at"]) + closure.LASTS <= now:
        raise closure.ProposalOld
    line = entry.line(
        actor.key,
        "sport.close",
        f"sport_closure:{closure_id}",
        unit=unit,
        slots=len(found["slots"]),
        why=found["reason"],
    )
    args = {"closure": str(closure_id), "place": found["place"], "slots": found["slots"]}
    args |= {"reason": _mark(found), "who": actor.key}
    total = close_many.affected(found["slots"]).orders

    def change(session: ClientSession) -> None:
        closures, mine = closure.SportClosure._get_collection(), {"_id": closure_id}
        told = {"state": "closed", "confirmed_by": actor.staff_id, "confirmed_at": now}
        if not closures.update_one({**mine, "state": "proposed"}, {"$set": told}, session=session).matched_count:
            return
        job = jobs.start(
            "sport.cancel_orders", args=args, total=total, started_by=actor.key, unit=unit, session=session
        )
        closures.update_one(mine, {"$set": {"job": job["_id"]}}, session=session)
        entry.write(line, session)

    transactions.run(change)
    close_many.stop_sales((one["_id"] for one in _there(found)), _mark(found))
    outbox.wake("reports")
    return closure.read(closure_id)


def _mark(found: dict[str, Any]) -> str:
    """Return what closed slots keep as their reason, so that only this closing reopens them."""
    return f"sport_closure:{found['_id']}"


def _there(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the slots of a closing; one that a change of plan took away is not among them."""
    fields = {"state": 1, "closed_reason": 1}
    return list(slot.Slot._get_collection().find({"_id": {"$in": found["slots"]}}, fields))


def cancel_orders(job_id: ObjectId) -> None:
    """Work on the job of a closing; one that was undone meanwhile ends.

    Raises:
        outbox.Later: a batch is done and more may follow.
        CityError: a passing failure of WeChat's; the job comes back to this order.
    """
    found = closure.read(ObjectId(jobs.read(job_id)["args"]["closure"]))
    if found["state"] != "closed":
        jobs.end(job_id)
        return
    why = closure.REASONS[found["reason"]]
    close_many.work(job_id, close_orders.Word("weather_closed", str(found["_id"]), why, urgent=True))


def reopen(actor: Staff, closure_id: ObjectId) -> dict[str, Any]:
    """Sell again what this closing closed and has not ended; orders that were cancelled stay so.

    Raises:
        NotFound: no such closing in the actor's scope.
        NotClosed: it is not closed.
    """
    found, unit = closure.reached(actor, "slot.open", closure_id)
    line = entry.line(actor.key, "sport.reopen", f"sport_closure:{closure_id}", unit=unit)

    def change(session: ClientSession) -> bool:
        guard = {"_id": closure_id, "state": "closed"}
        told = {"$set": {"state": "reopened"}}
        if not closure.SportClosure._get_collection().update_one(guard, told, session=session).matched_count:
            return False
        entry.write(line, session)
        return True

    if not transactions.run(change) and found["state"] != "reopened":
        raise closure.NotClosed
    for one in _there(found):
        if one["state"] == "closed" and one.get("closed_reason") == _mark(found):
            slot.reopen(one["_id"])
    return closure.read(closure_id)
