"""Closing and reopening the slots of a place, and how far a closing is."""

from typing import Any

from bson import ObjectId

from backend import clock, jobs
from backend.errors import Conflict, NotFound
from models.audit import entry
from models.booking import close_slot, slot
from models.identity.actors import Staff
from models.places import scope


class SlotPast(Conflict):
    """409: the day of the slot is over, and with it the time to close or reopen it."""

    code = "slot_past"
    zh = "该时段所在日期已过,不能再停止或恢复预约。"
    en = "The day of this slot is over; it can no longer be closed or reopened."


def close(actor: Staff, slot_id: str, reason: str) -> dict[str, Any]:
    """Stop sales of a slot and return the job that cancels its orders and gives all money back.

    Raises:
        NotFound: no such slot in the actor's scope.
        DayCounter: it counts a whole day.
        SlotPast: its day is over.
    """
    close_slot.require(scope.slot(actor, "slot.close", slot_id)[0])
    unit = _require(actor, "slot.close", slot_id)
    return close_slot.close(slot_id, reason=reason, who=actor.key, unit=unit)


def reopen(actor: Staff, slot_id: str) -> dict[str, Any]:
    """Sell a closed slot again and return it; orders that the closing cancelled stay cancelled.

    Raises:
        NotFound: no such slot in the actor's scope.
        SlotPast: its day is over.
    """
    _require(actor, "slot.open", slot_id, "slot.reopen")
    slot.reopen(slot_id)
    return slot.read(slot_id)


def _require(actor: Staff, operation: str, slot_id: str, action: str = "") -> str:
    """Check scope and day, write the audit entry, and return the unit of the slot's place."""
    found, place = scope.slot(actor, operation, slot_id)
    unit = str(place.get("unit") or "")
    if found["day"] < clock.today().isoformat():
        raise SlotPast
    entry.write(entry.line(actor.key, action or operation, f"slot:{slot_id}", unit=unit))
    return unit


def job(actor: Staff, job_id: ObjectId) -> dict[str, Any]:
    """Return a job whose slot lies in the actor's scope, or which the actor began, with its progress.

    Raises:
        NotFound: no such job in the actor's scope.
    """
    actor.require("job.read")
    found = jobs.read(job_id)
    if "place" in found["args"]:
        scope.place(actor, "job.read", found["args"]["place"])
        return found
    if "slot" not in found["args"]:
        if found["started_by"] != actor.key:
            raise NotFound
        return found
    scope.slot(actor, "job.read", found["args"]["slot"])
    return found
