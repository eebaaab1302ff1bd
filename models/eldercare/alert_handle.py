"""What staff do with an alert: acknowledge it, act, note something; each with its audit entry, counted in the load.

An alert is reached by the staff of the units that care for the elder, and by the county's duty desk.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict
from backend.store import transactions
from models.audit import entry
from models.eldercare import alert, alert_load, alert_terms, subject
from models.identity import staff
from models.identity.actors import Staff

P = ParamSpec("P")
T = TypeVar("T")
OPERATION = "health.alert"
ATTEMPTS = 5
FULL = alert.MOST_EVENTS - 60
"""Beyond so many events no notes are taken: what decides must keep its place."""


def retried(deed: Callable[P, T]) -> Callable[P, T]:
    """Let a deed look anew where the alert changed at that very moment: who hurries to an elder is not sent back."""

    @wraps(deed)
    def patiently(*args: P.args, **named: P.kwargs) -> T:
        for _ in range(ATTEMPTS - 1):
            with suppress(alert.AlertMoved):
                return deed(*args, **named)
        return deed(*args, **named)

    return patiently


class TakenByAnother(Conflict):
    """409: a colleague acknowledged it already."""

    code = "health_alert_taken"
    zh = "该提醒已由同事接警;您仍可登记处置或补充说明。"
    en = "A colleague acknowledged this alert. You may still add what you did, or a note."


class NotesFull(Conflict):
    """409: so much was noted that no further note is taken."""

    code = "health_alert_full"
    zh = "该提醒的记录已满,请登记处置结果后结束。"
    en = "No further notes fit. Enter the outcome."


def reach(actor: Staff, alert_id: ObjectId) -> dict[str, Any]:
    """Return an alert of an elder for whom a unit of the actor cares; the duty desk reaches all.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such alert, or out of reach.
    """
    actor.require(OPERATION)
    found = alert.read(alert_id)
    subject.in_reach(found["subject"], actor.units_for(OPERATION))
    return found


def units_of(actor: Staff, found: Mapping[str, Any]) -> list[str]:
    """Return for which of the alert's units the actor works, or their own unit where for none."""
    reached = actor.units_for(OPERATION)
    both = sorted(set(found.get("units", ())) & reached) if reached else []
    return both or [actor.unit]


@retried
def acknowledge(actor: Staff, alert_id: ObjectId) -> dict[str, Any]:
    """Say that one takes an alert up, and return it; by the same member again changes nothing.

    Raises:
        NotAllowed, NotFound: out of reach.
        TakenByAnother: a colleague did.
        AlertOver, AlertMoved: it is over, or changes too fast.
    """
    found, now = reach(actor, alert_id), clock.now()
    alert.require_live(found)
    if by := found.get("acknowledged_by"):
        if by == actor.key:
            return found
        raise TakenByAnother
    told, follow = alert.moved(found, "acknowledged", now) if found["state"] == "raised" else ({}, None)
    told |= {"acknowledged_at": now, "acknowledged_by": actor.key}
    line = alert.event("acknowledged", actor.key, now)
    lines = alert_load.ready(units_of(actor, found), actor.staff_id, now)
    waited = (now - found["raised_at"]).total_seconds()

    def more(session: ClientSession) -> None:
        alert_load.add(lines, {"acknowledged": 1}, session, seconds=waited)

    return write(actor, found, "acknowledge", told, line, follow=follow, more=more)


@retried
def act(actor: Staff, alert_id: ObjectId, kind: str, *, note: str = "") -> dict[str, Any]:
    """Say what one did about an alert, and return it; who acts on what nobody took up takes it up.

    Raises:
        NotAllowed, NotFound: out of reach.
        NotesFull, AlertOver, AlertMoved: it takes no more, is over, or changes too fast.
    """
    found, now = reach(actor, alert_id), clock.now()
    alert.require_live(found)
    further = found["state"] == "acted"
    if further:
        _require_room(found)
    told, follow = ({}, None) if further else alert.moved(found, "acted", now)
    told |= {"acts": [*found["acts"], kind]} | ({} if found.get("acted_at") else {"acted_at": now})
    first = not found.get("acknowledged_by")
    told |= {"acknowledged_at": now, "acknowledged_by": actor.key} if first else {}
    line = alert.event("acted", actor.key, now, act=kind, note=note)
    lines = alert_load.ready(units_of(actor, found), actor.staff_id, now)
    waited = (now - found["raised_at"]).total_seconds() if first else None

    def more(session: ClientSession) -> None:
        alert_load.add(lines, {"acted": 1, "acknowledged": int(first)}, session, seconds=waited)

    return write(actor, found, "act", told, line, follow=follow, more=more, act=kind)


@retried
def add_note(actor: Staff, alert_id: ObjectId, note: str) -> dict[str, Any]:
    """Add a note to an alert, one that is over as well, and return it.

    Raises:
        NotAllowed, NotFound: out of reach.
        NotesFull, AlertMoved: it takes no more, or changes too fast.
    """
    found, now = reach(actor, alert_id), clock.now()
    _require_room(found)
    return write(actor, found, "note", {}, alert.event("noted", actor.key, now, note=note))


def _require_room(found: Mapping[str, Any]) -> None:
    if len(found.get("events", ())) >= FULL:
        raise NotesFull


def write(
    actor: Staff,
    found: Mapping[str, Any],
    verb: str,
    told: Mapping[str, Any],
    line: Mapping[str, Any],
    *,
    follow: Mapping[str, Any] | None = None,
    unset: tuple[str, ...] = (),
    more: Callable[[ClientSession], object] | None = None,
    **details: Any,
) -> dict[str, Any]:
    """Change an alert as it was read, with the audit entry of it; `more` changes something else together with it.

    Raises:
        AlertMoved: it changed meanwhile.
    """
    audit = entry.line(actor.key, f"health_alert.{verb}", f"health_alert:{found['_id']}", unit=actor.unit, **details)

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, audit, session)
        follows = (follow,) if follow else ()
        changed = alert.change(found, told, line, unset=unset, follow=follows, session=session)
        if changed is None:
            raise alert.AlertMoved
        if more:
            more(session)
        entry.write(audit, session)
        return changed

    changed = transactions.run(change)
    outbox.wake(alert.QUEUE)
    return changed


def acts_seen(found: Mapping[str, Any]) -> bool:
    """Tell whether somebody stood before the elder's door."""
    return any(alert_terms.ACTS[one].seen for one in found["acts"] if one in alert_terms.ACTS)
