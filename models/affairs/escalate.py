"""What a clock brings: a reminder, more desks that see overdue work, the end of a stop, the end of the time to appeal.

Each comes as an outbox entry with its due time, in the document itself. An entry of a former run of the clock (`beat`)
or for a rung that was taken does nothing, so that it may come twice.
"""

from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from models.affairs import case, desks, kind, work
from models.affairs import clock as legal
from models.affairs.case import Move
from models.affairs.stop import going_on

SYSTEM = "system:affairs"


def look(case_id: ObjectId, beat: str, rung: int) -> None:
    """Do what a case's clock says is due.

    Raises:
        outbox.Later: it is not due yet, because a year's holidays came in meanwhile.
    """

    def move(found: dict[str, Any]) -> Move | None:
        now = clock.now()
        if str(found.get("beat")) != beat or found.get("work", {}).get("rung", 0) != rung:
            return None
        if found["state"] == "decided":
            return _appeal_time_over(found, now)
        if found["work"]["state"] == "paused":
            _wait_for(found["pause"]["until"], now)
            return going_on(found, "resumed", SYSTEM, now, told={"reason": found["pause"]["reason"]})
        return _up_the_ladder(found, now)

    case.change(case_id, move)


def _wait_for(due: datetime, now: datetime) -> None:
    if now < due:
        raise outbox.Later((due - now).total_seconds())


def _appeal_time_over(found: dict[str, Any], now: datetime) -> Move:
    _wait_for(found["appeal_until"], now)
    ended = {"state": "closed", "closed_at": now}
    return Move("closed", SYSTEM, set=ended, unset=("beat", "appeal_until", "matter"))


def _up_the_ladder(found: dict[str, Any], now: datetime) -> Move:
    told = kind.read(found["kind"], found["kind_version"])
    due = min(_recomputed(found["work"]["clock"]), _recomputed(found["clock"]))
    steps = work.ladder(told, due)
    rung = work.next_rung(found["work"], steps)
    at, role = steps[rung]
    _wait_for(at, now)
    following = {**found["work"], "due": due, "rung": rung + 1, "urgency": "overdue" if role else "soon"}
    if role:
        more = desks.within(role, following["unit"], found["area"])
        following["desks"] = [*following["desks"], *(one for one in more if one not in following["desks"])]
    entry = work.running({**found, "work": following})
    return Move(
        "escalated" if role else "reminded",
        SYSTEM,
        set={"work": following},
        add={"desks": [desks.desk(role, following["unit"])]} if role else {},
        told={"role": role} if role else {},
        follow=(entry,) if entry else (),
    )


def _recomputed(told: dict[str, Any]) -> datetime:
    return legal.deadline(told["start"], work.limit_of(told), given_back=told["given_back"])
