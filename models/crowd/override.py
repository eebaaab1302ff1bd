"""An override: staff stop today's sales of a place, or open them, against the level and until a moment of today."""

from datetime import datetime
from typing import Any, Literal

from pymongo.client_session import ClientSession

from backend import clock, outbox, runtime
from backend.errors import BadInput
from backend.store import transactions
from models.audit import entry
from models.crowd import record, state
from models.crowd.spot import Spot
from models.crowd.state import COLLECTION, CrowdState
from models.identity.actors import Staff
from models.places import scope

OPERATION = "crowd.override"
Wish = Literal["stop", "open"]


class UntilWrong(BadInput):
    """400: the end of the override is not later today."""

    code = "crowd_until_wrong"
    zh = "结束时间应晚于现在,且不晚于今天 24 点,请重新填写。"
    en = "The end must be later than now and not later than midnight."

    def __init__(self) -> None:
        super().__init__(fields={"until": [self.zh]})


def put(actor: Staff, place: str, wish: Wish, *, until: datetime, reason: str) -> dict[str, Any]:
    """Stop or open the sales of a place until a moment; the last word counts. Return the state.

    Raises:
        NotFound: no such place in the actor's scope, or nobody counts there.
        UntilWrong: the moment is past, or not today.
    """
    unit = scope.place(actor, OPERATION, place).get("unit") or ""
    spot, now = Spot(place), clock.now()
    if not now < until <= clock.at(clock.today(), 24 * 60):
        raise UntilWrong
    state.ensure(spot)
    line = entry.line(actor.key, OPERATION, f"crowd:{spot.key}", unit=unit, state=wish)
    following = outbox.entry("gates", "crowd.follow", due=now)

    def change(session: ClientSession) -> None:
        about = {"what": wish, "details": {"until": clock.civil(until).isoformat(timespec="minutes")}}
        made = record.write_by(actor, spot, about, session, at=now, reason=reason)
        sealed = runtime.current().sealer.seal(f"{COLLECTION}.override.reason", made, reason)
        told = {"state": wish, "until": until, "at": now, "by": actor.staff_id, "record": made, "reason": sealed}
        follow = {"outbox": {**following, "args": {"record": made}}}
        CrowdState._get_collection().update_one(
            {"_id": spot.key}, {"$set": {"override": told}, "$push": follow}, session=session
        )
        entry.write(line, session)

    transactions.run(change)
    outbox.wake("gates")
    return state.read(spot)


def end(actor: Staff, place: str) -> None:
    """End the override of a place; where there is none, nothing changes.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    unit = scope.place(actor, OPERATION, place).get("unit") or ""
    line = entry.line(actor.key, "crowd.override_end", f"crowd:{place}", unit=unit)
    _end(Spot(place), {"override": {"$ne": None}}, line)


def expire(spot: Spot) -> bool:
    """End an override whose time is over; return whether this call did it."""
    return _end(spot, {"override.until": {"$lte": clock.now()}}, None)


def _end(spot: Spot, holds: dict[str, Any], line: dict[str, Any] | None) -> bool:
    now = clock.now()
    following = outbox.entry("gates", "crowd.follow", due=now)

    def change(session: ClientSession) -> bool:
        ended = {"$unset": {"override": ""}}
        states = CrowdState._get_collection()
        if not states.update_one({"_id": spot.key, **holds}, ended, session=session).matched_count:
            return False
        made = record.write(spot, "override_end", now, {}, session)
        follow = {"$push": {"outbox": {**following, "args": {"record": made}}}}
        states.update_one({"_id": spot.key}, follow, session=session)
        if line is not None:
            entry.write(line, session)
        return True

    done = transactions.run(change)
    if done:
        outbox.wake("gates")
    return done
