"""Nobody stays overnight: some time after closing, or in the small hours, a spot's running counts begin at nobody.

Who left without a scan would otherwise stay in the count for ever. Who came after the moment at which the reset was due
stays inside, however late it is made. What is known late of the time before the reset
still counts for its minute and day, and not for who is inside.
"""

from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.store import transactions
from models.crowd import movement, record, state
from models.crowd.spot import Spot
from models.crowd.state import RUNNING, CrowdState
from models.crowd.thresholds import Thresholds
from models.places import opening, place

_LAST_MINUTE = 23 * 60 + 59


def due_at(found: dict[str, Any], now: datetime, figures: Thresholds) -> datetime | None:
    """Return the last moment until now at which a place's counts are to be reset today, None before the first."""
    day = clock.civil(now).date()
    spans = opening.spans(found.get("opening") or {}, found.get("closing") or {}, day)
    closes = max((_minute(one["close"]) for one in spans), default=_LAST_MINUTE)
    moments = [clock.at(day, figures.reset_hour * 60)]
    if closes < _LAST_MINUTE:
        moments.append(clock.at(day, closes) + figures.reset_grace)
    return max((one for one in moments if one <= now), default=None)


def reset(spot: Spot, figures: Thresholds) -> bool:
    """Reset a spot when that is due and was not done; return whether this call did it."""
    now = clock.now()
    found = state.find(spot)
    if found is None:
        return False
    if found.get("reset_at") is None:
        CrowdState._get_collection().update_one({"_id": spot.key, "reset_at": None}, {"$set": {"reset_at": now}})
        return False
    due = due_at(place.read(spot.place), now, figures)
    return due is not None and found["reset_at"] < due and exit_all(spot, due, now)


def exit_all(spot: Spot, due: datetime, now: datetime) -> bool:
    """Let everybody have left a spot, once for a moment at which that is due; return whether this call did it."""

    def change(session: ClientSession) -> bool:
        states = CrowdState._get_collection()
        guard = {"_id": spot.key, "reset_at": {"$lt": due}}
        done = {"$set": {"reset_at": now}, "$unset": {"counts.headcount": ""}}
        found = states.find_one_and_update(guard, done, session=session)
        if found is None:
            return False
        left = {kind: one["inside"] for kind, one in found.get("counts", {}).items()}
        if any(left.values()):
            since = {kind: movement.net_since(spot, kind, due, session) for kind in left if kind in RUNNING}
            state.rebase(spot, since, due, session, now=now)
            record.write(spot, "reset", now, {"left": left}, session)
        return True

    return transactions.run(change)


def _minute(told: str) -> int:
    return int(told[:2]) * 60 + int(told[3:])
