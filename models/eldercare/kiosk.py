"""A kiosk (自助体检机): a person shows the code of their card, measures, and goes; each reading is acknowledged alone.

Who was never measured before gets a subject by measuring. The nonce of the signed request makes a repeated login the
same one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.errors import Unavailable
from models.eldercare import health_device, kiosk_readings, kiosk_session, measuring_rules, reading_form, subject
from models.eldercare.kiosk_session import SessionFull, SessionOver
from models.eldercare.observation import FLAG_ZH
from models.eldercare.reading_form import ReadingMalformed
from models.identity.actors import Device
from models.onecard import verify
from models.onecard.verdict import Verdict

DOUBTFUL = timedelta(days=30)
"""A reading older than this came from a clock that may have been wrong."""
CLOCK_OFF = timedelta(minutes=2)
"""By how much a kiosk's clock may be off without a mark."""
_TRIES = 20


@dataclass(frozen=True)
class Receipt:
    """What became of one reading: received, duplicate, key_reused, malformed, held for a person, or refused.

    `again_seconds` says after which rest the same is measured once more; `observation_id` is there once it counts.
    """

    key: str
    result: str
    reason: str = ""
    flags: tuple[str, ...] = ()
    again_seconds: int = 0
    observation_id: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


def log_in(device: Device, text: str) -> tuple[Verdict, dict[str, Any] | None]:
    """Return what a code says and the session that it opened, None for a code that does not hold.

    Raises:
        NotMeasuring: the terminal is no kiosk.
        KeyReused: the nonce came with another code.
    """
    known, now = health_device.of(device, "kiosk"), clock.now()
    told = verify.verify(
        device.scanner_class, text, at=now, device_id=device.device_id, nonce=device.nonce, online=True
    )
    if not told.accepted or told.person_id is None:
        return told, None
    found = subject.enrol(told.person_id, by=device.key, area=device.area)
    until = now + measuring_rules.session_length(clock.civil(now).date())
    session_id = kiosk_session.name(device.device_id, device.nonce)
    made = kiosk_session.made(session_id, device=device.device_id, unit=known["unit"], opened_at=now, until=until)
    flags = sorted(health_device.flags(known, clock.civil(now).date()))
    return told, kiosk_session.store(made | {"subject": found["_id"], "device_flags": flags})


def measure(device: Device, session_id: str, sent: list[Any], offset: timedelta) -> list[Receipt]:
    """Take in readings of a session, in their order; answer for each.

    Raises:
        NotFound: this device began no such session.
        Unavailable: others write to the same session all the time.
    """
    kiosk_session.of_device(session_id, device.device_id)
    receipts = [_take(device, session_id, raw, offset) for raw in sent]
    outbox.wake(kiosk_session.QUEUE)
    return receipts


def _take(device: Device, session_id: str, raw: Any, offset: timedelta) -> Receipt:
    try:
        reading = reading_form.read(raw, offset, clock.now())
    except ReadingMalformed as error:
        return malformed(raw, error)
    reading["flags"] = sorted(marks(reading, offset))
    for _ in range(_TRIES):
        found = kiosk_session.of_device(session_id, device.device_id)
        if known := next((one for one in found["readings"] if one["key"] == reading["key"]), None):
            return again(found, known, reading)
        try:
            added = kiosk_session.add(found, reading)
        except (SessionOver, SessionFull) as refusal:
            return Receipt(reading["key"], "refused", refusal.code)
        if added:
            return told({**found, "readings": [*found["readings"], reading]}, reading)
    raise Unavailable


def marks(reading: Mapping[str, Any], offset: timedelta) -> set[str]:
    """Return what is noted of a reading: what its form says, and what its time does."""
    age, day = reading["received_at"] - reading["at"], clock.today()
    found = {"late", *reading["flags"]} if age > measuring_rules.late_after(day) else set(reading["flags"])
    return found | ({"time_doubtful"} if age > DOUBTFUL or abs(offset) > CLOCK_OFF else set())


def malformed(raw: Any, error: ReadingMalformed) -> Receipt:
    """Return the receipt of a reading that was not taken in."""
    try:
        key = reading_form.key_of(raw)
    except ReadingMalformed:
        key = ""
    return Receipt(key, "malformed", error.reason)


def again(found: Mapping[str, Any], known: Mapping[str, Any], reading: Mapping[str, Any]) -> Receipt:
    """Return the receipt of a reading whose key is stored."""
    if bytes(known["digest"]) != reading["digest"]:
        return Receipt(reading["key"], "key_reused")
    return told(found, known, result="duplicate")


def told(found: Mapping[str, Any], reading: Mapping[str, Any], *, result: str = "received") -> Receipt:
    """Return the receipt of a stored reading; the observation that it completed is kept."""
    if "held" in reading or not found.get("subject"):
        reason = reading.get("held") or found.get("reason") or ""
        return Receipt(reading["key"], "held", reason)
    group = kiosk_readings.group_of(found, reading["key"])
    assert group is not None, "a reading that is not held is of a group"
    judged = group.judged(finished=found["state"] == "closed")
    flags = tuple(sorted(judged.flags.union(found["device_flags"], reading.get("flags", ()))))
    if not judged.done:
        return Receipt(reading["key"], result, flags=flags, again_seconds=judged.wait_seconds)
    kept = kiosk_readings.keep(found, group)
    flags = tuple(one for one in FLAG_ZH if one in kept["flags"])
    return Receipt(reading["key"], result, "", flags, 0, str(kept["_id"]), kept["values"])


def leave(device: Device, session_id: str) -> dict[str, Any]:
    """End a session of this device; what was measured once only counts as it is. Repeating it changes nothing.

    Raises:
        NotFound: this device began no such session.
    """
    kiosk_session.of_device(session_id, device.device_id)
    return kiosk_readings.close(session_id)


def owner(verdict: Verdict) -> ObjectId | None:
    """Return the subject of who showed a genuine code, be it good or not, None where nobody enrolled them."""
    found = subject.of_person(verify.whose(verdict), {"_id": 1})
    return found["_id"] if found else None
