"""A headcount (现场清点): staff counted the people inside, and the running counts begin there."""

from datetime import datetime, timedelta

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import BadInput
from backend.store import transactions
from models.audit import entry
from models.crowd import alarm, movement, record, state
from models.crowd.spot import Spot, day_of, minute_of
from models.crowd.state import RUNNING
from models.identity.actors import Staff
from models.places import scope, zone

OPERATION = "crowd.headcount"
EARLIEST = timedelta(hours=2)


class CountedWrong(BadInput):
    """400: the headcount is not of the last two hours."""

    code = "crowd_counted_at_wrong"
    zh = "清点时间应在最近两小时内,请核对;如已过时,请重新清点。"
    en = "The headcount must be of the last two hours. Count again if it is older."

    def __init__(self) -> None:
        super().__init__(fields={"counted_at": [self.zh]})


def put(actor: Staff, spot: Spot, people: int, *, counted_at: datetime | None, reason: str) -> None:
    """Set the running counts of a spot to a headcount; who moved after it is added, to the minute.

    Raises:
        NotFound: no such place in the actor's scope.
        ZoneUnknown: the place has no such zone.
        CountedWrong: it is older than two hours, or lies ahead.
    """
    known = scope.place(actor, OPERATION, spot.place)
    zone.require(known, spot.zone)
    unit = known.get("unit") or ""
    now = clock.now()
    if counted_at and not now - EARLIEST <= counted_at <= now + timedelta(minutes=1):
        raise CountedWrong
    base_at = min(now, minute_of(counted_at) + timedelta(minutes=1)) if counted_at else now
    state.ensure(spot)
    line = entry.line(actor.key, OPERATION, f"crowd:{spot.key}", unit=unit, people=people)

    def change(session: ClientSession) -> None:
        before = state.find(spot, session) or {}
        counts = before.get("counts", {})
        kinds = [kind for kind in RUNNING if kind in counts] or ["headcount"]
        inside = {kind: people + _since(spot, kind, base_at, now, session) for kind in kinds}
        state.rebase(spot, inside, base_at, session, now=now)
        details = {"people": people, "before": {kind: one["inside"] for kind, one in counts.items()}}
        told = {"what": "headcount", "details": details}
        record.write_by(actor, spot, told, session, at=now, reason=reason)
        counted = movement.day_change(spot, day_of(now), {"$inc": {"headcounts": 1}})
        movement.CrowdDay._get_collection().bulk_write([counted], session=session)
        entry.write(line, session)

    transactions.run(change)
    alarm.end(spot, now)


def _since(spot: Spot, kind: str, base_at: datetime, now: datetime, session: ClientSession) -> int:
    return movement.net_since(spot, kind, base_at, session) if base_at < now else 0
