"""What a kiosk measured without network: each entry is a person at the kiosk, with the code that they showed then.

    {key, at, code | session, readings: [...]}

An entry becomes a session of its own in one write, which is its acknowledgement; sent again it is the one that is
there. Whose code does not hold any more is not guessed: the entry is held for a person.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from bson import ObjectId

from backend import clock, outbox
from models.eldercare import health_device, kiosk, kiosk_readings, kiosk_session, reading_form, subject
from models.eldercare.kiosk import Receipt
from models.eldercare.reading_form import ReadingMalformed
from models.identity.actors import Device
from models.onecard import verify

MOST_ENTRIES = 50
LONGEST_CODE = 512
TRANSIT = timedelta(seconds=2)
"""An offset up to this is the way of the upload and not the clock."""
_NAMES = {"key", "at", "code", "session", "readings"}
_AROUND = timedelta(minutes=5)
"""How far outside a session's time its readings may lie."""


@dataclass(frozen=True)
class EntryReceipt:
    """What became of one entry: received, duplicate, key_reused, held or malformed, and of each of its readings."""

    key: str
    result: str
    reason: str = ""
    readings: list[Receipt] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    key: str
    at: datetime
    code: str
    session: str
    digest: bytes
    readings: list[dict[str, Any]]
    wrong: list[Receipt]


@dataclass(frozen=True)
class _Upload:
    device: Device
    known: Mapping[str, Any]
    now: datetime
    offset: timedelta


def offset_of(device_time: datetime, now: datetime) -> timedelta:
    """Return by how much a device's times are moved: nothing for what the way of the request explains."""
    skew = now - device_time
    return skew if abs(skew) > TRANSIT else timedelta(0)


def take_in(device: Device, sent: list[Any], device_time: datetime) -> list[EntryReceipt]:
    """Take in what a kiosk measured without network; answer for each entry, in order. Repeating it changes nothing.

    Raises:
        NotMeasuring: the terminal is no kiosk.
    """
    now = clock.now()
    upload = _Upload(device, health_device.of(device, "kiosk"), now, offset_of(device_time, now))
    receipts = [_take(upload, raw) for raw in sent]
    outbox.wake(kiosk_session.QUEUE)
    return receipts


def _take(upload: _Upload, raw: Any) -> EntryReceipt:
    try:
        entry = _read(upload, raw)
    except ReadingMalformed as error:
        return EntryReceipt(kiosk.malformed(raw, error).key, "malformed", error.reason)
    session_id = kiosk_session.name(upload.device.device_id, entry.key)
    if stored := kiosk_session.find(session_id):
        return _again(stored, entry)
    stored = kiosk_session.store(_session(upload, entry, session_id))
    return _again(stored, entry, result="received")


def _again(stored: Mapping[str, Any], entry: _Entry, *, result: str = "duplicate") -> EntryReceipt:
    if bytes(stored.get("digest") or b"") != entry.digest:
        return EntryReceipt(entry.key, "key_reused")
    if stored["state"] == "closed":
        list(kiosk_readings.keep_done(stored))
    receipts = [kiosk.told(stored, one, result=result) for one in stored["readings"]]
    reason = stored.get("reason", "") if stored["state"] == "held" else ""
    return EntryReceipt(entry.key, "held" if reason else result, reason, receipts + entry.wrong)


def _read(upload: _Upload, raw: Any) -> _Entry:
    if not isinstance(raw, dict) or set(raw) - _NAMES:
        raise ReadingMalformed("form")
    key, told = reading_form.key_of(raw), raw.get("readings")
    wrong: list[Receipt] = []
    good: dict[str, dict[str, Any]] = {}
    if not isinstance(told, list) or not 0 < len(told) <= kiosk_session.MOST_READINGS:
        raise ReadingMalformed("readings")
    for one in told:
        try:
            read = reading_form.read(one, upload.offset, upload.now)
            good.setdefault(read["key"], read)
        except ReadingMalformed as error:
            wrong.append(kiosk.malformed(one, error))
    if not good:
        raise ReadingMalformed("readings")
    code, session = _text(raw, "code"), _text(raw, "session")
    if bool(code) == bool(session):
        raise ReadingMalformed("code")
    digest = hashlib.blake2b(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
    at = min(reading_form.moment(raw) + upload.offset, upload.now)
    readings = sorted(good.values(), key=lambda one: (one["at"], one["key"]))
    return _Entry(key, at, code, session, digest, readings, wrong)


def _text(raw: Mapping[str, Any], name: str) -> str:
    told = raw.get(name, "")
    if not isinstance(told, str) or len(told) > LONGEST_CODE or not told.isprintable():
        raise ReadingMalformed(name)
    return told


def _session(upload: _Upload, entry: _Entry, session_id: str) -> dict[str, Any]:
    """Return the session of an entry: closed when it is known whose it is, else held."""
    for one in entry.readings:
        one["flags"] = sorted(kiosk.marks(one, upload.offset))
    made = kiosk_session.made(
        session_id,
        device=upload.device.device_id,
        unit=upload.known["unit"],
        opened_at=entry.at,
        until=max(one["at"] for one in entry.readings),
    )
    flags = sorted(health_device.flags(upload.known, clock.civil(entry.at).date()))
    made |= {"readings": entry.readings, "late": True, "device_flags": flags, "digest": entry.digest}
    whose, reason = _of_session(upload, entry) if entry.session else _of_code(upload, entry)
    unusable = next((one["held"] for one in entry.readings if "held" in one), "")
    made |= {"subject": whose} if whose and not reason else {}
    if reason:
        return made | {"state": "held", "held": True, "reason": reason, "outbox": []}
    made |= {"held": True, "reason": unusable} if unusable else {"forget_at": upload.now + kiosk_session.KEPT}
    return made | {"state": "closed", "outbox": [kiosk_session.closing(session_id)]}


def _of_session(upload: _Upload, entry: _Entry) -> tuple[ObjectId | None, str]:
    found = kiosk_session.find(entry.session)
    if found is None or found["device"] != upload.device.device_id or not found.get("subject"):
        return None, "session_unknown"
    first, last = found["opened_at"] - _AROUND, found["until"] + _AROUND
    if not all(first <= one["at"] <= last for one in entry.readings):
        return None, "outside_session"
    return found["subject"], ""


def _of_code(upload: _Upload, entry: _Entry) -> tuple[ObjectId | None, str]:
    device = upload.device
    told = verify.late(
        {
            "received_at": upload.now,
            "at": entry.at,
            "scanner_class": device.scanner_class,
            "code": entry.code,
            "device": device.device_id,
            "nonce": entry.key,
            "code_kind": "",
        }
    )
    if not told.accepted or told.person_id is None:
        return None, told.result
    return subject.enrol(told.person_id, by=device.key, area=device.area)["_id"], ""
