"""What a session's readings become: one observation for each group of repeats, under a key made of the session.

Whoever comes first, the request or the outbox, makes the observation; the key makes the second one find it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from backend import clock, outbox
from models.eldercare import averaging, codes, kiosk_session, measuring_rules, observation, subject
from models.eldercare.averaging import Group
from models.eldercare.observation import Measured
from models.eldercare.source import Source


def groups(found: Mapping[str, Any]) -> list[Group]:
    """Return the groups of a session's readings, by the rule of the day on which it began."""
    rules = measuring_rules.repeats(clock.civil(found["opened_at"]).date())
    usable = [one for one in found["readings"] if "held" not in one]
    return list(averaging.groups(usable, rules))


def group_of(found: Mapping[str, Any], key: str) -> Group | None:
    """Return the group that a reading belongs to, None for a reading that waits for a person."""
    return next((one for one in groups(found) if any(part["key"] == key for part in one.readings)), None)


def keep_done(found: Mapping[str, Any]) -> Iterator[tuple[Group, dict[str, Any]]]:
    """Keep the observation of each group that is done, of all groups when the session is closed; repeating is harmless.

    Yields:
        Each such group with its observation.
    """
    if not found.get("subject"):
        return
    for one in groups(found):
        if one.judged(finished=found["state"] == "closed").done:
            yield one, keep(found, one)


def keep(found: Mapping[str, Any], group: Group) -> dict[str, Any]:
    """Keep the observation of one group and return it."""
    judged = group.judged(finished=True)
    flags = judged.flags.union(found["device_flags"], *(one.get("flags", ()) for one in group.readings))
    latest = group.readings[-1]
    many = len(group.readings) > 1
    measured = Measured(
        group.code,
        _values(group),
        max(group.moments()),
        key=f"kiosk:{found['_id']}:{group.code}:{group.number}",
        repeats=[one["numbers"] for one in group.readings] if many else (),
        flags=flags,
        context=latest.get("context", {}),
    )
    source = Source("kiosk", unit=found["unit"], device=found["device"], by=f"device:{found['device']}")
    kept = observation.keep(found["subject"], measured, source)
    subject.touched(found["subject"], kept["at"])
    return kept


def _values(group: Group) -> dict[str, tuple[float, str]]:
    """Return the mean of the readings, which are in the quantities' own units; of one alone the number as it is."""
    numbers = [one["numbers"] for one in group.readings]
    values = averaging.mean(numbers) if len(numbers) > 1 else numbers[0]
    return {name: (value, codes.QUANTITIES[name].unit) for name, value in values.items()}


def close(session_id: str) -> dict[str, Any]:
    """Close a session, keep what is left in it, and return it; the outbox calls this when its time is over."""
    found = kiosk_session.find(session_id)
    if found is None:
        return {}
    if found["state"] == "open":
        found = kiosk_session.close(session_id)
    if found["state"] == "closed":
        list(keep_done(found))
    outbox.wake(kiosk_session.QUEUE)
    return found
