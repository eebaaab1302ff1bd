"""Clocks that stand still: for the applicant's answer or supplement, for another unit, for experts; and how they go on.

Each stop has a longest time, after which the clock goes on by itself, and a case stops a few times only: so no case
waits for ever.
"""

from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from models.affairs import case, kind, tell, work
from models.affairs import clock as legal
from models.affairs.case import Move
from models.affairs.case_errors import CaseStateWrong, StopUnknown, StopUsed
from models.affairs.handle import audit, require_held
from models.affairs.kind import Stop
from models.identity.actors import Staff

MOST_STOPS = 6


def ask(actor: Staff, case_id: ObjectId, text: str, *, supplement: bool = False) -> dict[str, Any]:
    """Ask the applicant a question, or, once, for what is missing (补正); the clocks stand still until they answer.

    Raises:
        NotHeld: the actor has not claimed the case.
        CaseStateWrong: nobody works on it, or it waits for something already.
        StopUnknown, StopUsed: a case of this kind does not stop for this, or not again.
    """
    return pause(actor, case_id, "supplement" if supplement else "waiting_for_applicant", text, asks=True)


def pause(actor: Staff, case_id: ObjectId, reason: str, text: str, *, asks: bool = False) -> dict[str, Any]:
    """Stop the clocks of a case for a reason that the law knows.

    Raises:
        NotHeld: the actor has not claimed the case.
        CaseStateWrong: nobody works on it, or it waits for something already.
        StopUnknown, StopUsed: a case of this kind does not stop for this, or not again.
    """

    def move(found: dict[str, Any]) -> Move:
        require_held(actor, found)
        if found["work"]["state"] == "paused":
            raise CaseStateWrong(state="paused", state_zh=case.WORK_STATES["paused"])
        stop = kind.read(found["kind"], found["kind_version"]).stop(reason)
        if stop is None or stop.asks != asks:
            raise StopUnknown
        if (stop.once and reason in found["stops"]) or len(found["stops"]) >= MOST_STOPS:
            raise StopUsed
        return _stopped(actor, found, stop, text)

    return case.change(case_id, move)


def _stopped(actor: Staff, found: dict[str, Any], stop: Stop, text: str) -> Move:
    now = clock.now()
    until, beat = legal.deadline(now, stop.longest), ObjectId()
    follow = [work.beat({**found, "beat": beat}, until), *(tell.entries(found, "case_asked") if stop.asks else ())]
    if stop.carry_out:
        follow.append(outbox.entry("affairs", "affairs.carry_out", case=str(found["_id"]), name=stop.carry_out))
    return Move(
        "asked" if stop.asks else "paused",
        actor.key,
        set={
            "work.state": "paused",
            "work.due": until,
            "pause": {"reason": stop.code, "since": now, "until": until},
            "beat": beat,
        },
        push={"stops": stop.code},
        text=text,
        told={"unit": actor.unit, "reason": stop.code},
        follow=tuple(follow),
        audit=audit(actor, "paused", found, reason=stop.code),
    )


def resume(actor: Staff, case_id: ObjectId) -> dict[str, Any]:
    """Let the clocks go on; when they do, nothing changes.

    Raises:
        NotHeld: the actor has not claimed the case.
        CaseStateWrong: nobody works on it.
    """

    def move(found: dict[str, Any]) -> Move | None:
        require_held(actor, found)
        if found["work"]["state"] != "paused":
            return None
        return going_on(found, "resumed", actor.key, clock.now(), audit=audit(actor, "resumed", found))

    return case.change(case_id, move)


def going_on(found: dict[str, Any], what: str, who: str, now: datetime, **more: Any) -> Move:
    """Return the move by which the clocks of a stopped case go on, with the days of the stop given back.

    A stop ends with its longest time, however late somebody comes to look.
    """
    since, until = found["pause"]["since"], min(now, found["pause"]["until"])
    total = work.turned_back(found["clock"], since, until)
    own = work.turned_back(found["work"]["clock"], since, until)
    state = "taken" if found["work"].get("holder") else "waiting"
    following = {**found["work"], "clock": own, "state": state, "due": min(own["due"], total["due"])}
    after = {**found, "work": following, "clock": total, "beat": ObjectId()}
    entry = work.running(after)
    return Move(
        what,
        who,
        set={"work": following, "clock": total, "beat": after["beat"]},
        unset=("pause",),
        follow=(entry,) if entry else (),
        **more,
    )
