"""What the clock of an alert brings: the family, then the backup and all units that care, then the county's duty desk.

The entry of a live state is always there: the ladder's last rung calls again and again, counted in `rung`, so that no
alert ends or is forgotten by itself. An entry of a former run of the clock (`beat`) does nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from models.eldercare import alert, alert_clocks, alert_terms, duty_roster, subject_units
from models.eldercare.raise_found import SYSTEM

ATTEMPTS = 5
SLOWEST = timedelta(hours=4)
"""The last rung calls again ever more slowly, at the slowest after this."""


def look(alert_id: ObjectId, beat: int) -> None:
    """Go one rung up for an alert whose clock ran out.

    Raises:
        Later: its time is not over, or it changes too fast.
    """
    for _ in range(ATTEMPTS):
        found = alert.read(alert_id)
        if not found.get("live") or found["beat"] != beat:
            return
        now = clock.now()
        if found["due"] > now and not found["rung"]:
            raise outbox.Later((found["due"] - now).total_seconds())
        if _up(found, now, "escalated") is not None:
            outbox.wake(alert.QUEUE)
            return
    raise outbox.Later(1.0)


def call_next(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Go one rung up at once, because somebody said that they cannot come; None where the alert changed meanwhile."""
    return _up(found, clock.now(), "called")


def follow_units(subject_id: ObjectId) -> None:
    """Let the live alerts of an elder ask the units that care for them now."""
    units = subject_units.of(subject_id)
    change: dict[str, Any] = {"$set": {"units": units} | ({} if units else {"desk": True})}
    alert.HealthAlert._get_collection().update_many({"subject": subject_id, "live": True}, change)


def _up(found: Mapping[str, Any], now: datetime, what: str) -> dict[str, Any] | None:
    """Call the next rung, and name when the one after it is due, under a beat of its own."""
    called = alert_terms.LADDER[min(found["rung"], len(alert_terms.LADDER) - 1)]
    told = {"rung": found["rung"] + 1, "beat": found["beat"] + 1}
    units = subject_units.of(found["subject"])
    told |= {"units": units}
    if called == "backup":
        told["staff"] = sorted({*found["staff"], *duty_roster.on_duty(units, now)})
    if called == "duty_desk" or not units:
        told["desk"] = True
    new = found["rung"] < len(alert_terms.LADDER)
    line = alert.event(what, SYSTEM, now, rung=called, step=alert_terms.STEPS[found["state"]]) if new else None
    entry = alert.look_entry({**found, **told}, due=now + _pause(found))
    return alert.change(found, told, line, follow=(entry, *_telling(found, called)))


def _pause(found: Mapping[str, Any]) -> timedelta:
    """Return how long the rung after this one waits: the same up to the last rung, then ever longer."""
    pause = alert_clocks.between_rungs(alert_clocks.kept(found))
    again = max(found["rung"] + 1 - len(alert_terms.LADDER), 0)
    return max(pause, min(pause * 2 ** min(again, 16), SLOWEST))


def _telling(found: Mapping[str, Any], called: str) -> tuple[dict[str, Any], ...]:
    return (alert.telling(found["_id"], f"waiting:{found['beat']}"),) if called == "family" else ()
