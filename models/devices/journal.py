"""The one journal of what scanners decided without network, for every kind of code, tickets included.

    waiting ──▶ applied | conflict | refused      (a handler of the kind said so)
       │ └────▶ noted                             (the scanner had refused; nothing follows)
       └──────▶ unsettled ──▶ applied | …         (nobody handles that kind yet)
    applied ◀──▶ conflict                         (an earlier scan of the same thing came in later)

An upload is stored in one transaction with the outbox entry that settles it, so nothing is ever stored without being
settled. The id reads device and nonce: an entry that comes again is the entry that is there.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from backend import clock, outbox, personal_data, runtime
from backend.errors import NotFound
from backend.personal_data import Holding, Sealed
from backend.store import transactions
from models.devices import entry_form, entry_proof, offline_limit, quarantine
from models.devices.entry_form import Entry, Malformed
from models.identity.actors import Device

COLLECTION = "journal_entries"
MOST_ENTRIES = 200
CLOCK_TOLERANCE = timedelta(seconds=120)
"""By how much a scanner's clock may be off, and an entry lie in the future, without a mark for staff."""
TRANSIT = timedelta(seconds=2)
"""An offset up to this is the way of the upload and not the clock: correcting it would move good times."""
STATE_ZH = {
    "waiting": "待核对",
    "applied": "已入账",
    "noted": "已记录",
    "conflict": "有冲突",
    "refused": "不予认可",
    "unsettled": "待接入",
}
FLAG_ZH = {"future": "时间晚于上传时间", "late": "超过补传期限", "clock": "终端时钟偏差过大"}
_DUPLICATE = 11000
outbox.carried_by(COLLECTION)


class JournalEntry(Document):
    """`at` is the scanner's time corrected by its clock's offset at the upload, `told_at` as it was told."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["upload", "state"]},
            {"fields": ["unit", "state", "-at", "-_id"]},
            {"fields": ["state", "-at", "-_id"]},
            {"fields": ["flags", "-at", "-_id"], "partialFilterExpression": {"flagged": True}},
            {"fields": ["person"], "sparse": True},
            {"fields": ["ticket"], "sparse": True},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    device = StringField(required=True)
    gate = StringField(required=True)
    nonce = StringField(required=True)
    scanner_class = StringField(required=True)
    place = StringField(required=True)
    unit = StringField()
    area = StringField()
    upload = ObjectIdField(required=True)
    digest = StringField(required=True)
    code_kind = StringField(required=True)
    code = BinaryField(required=True)
    decision = StringField(choices=entry_form.DECISIONS, required=True)
    gate_reason = StringField()
    zone = StringField()
    direction = StringField()
    at = DateTimeField(required=True)
    told_at = DateTimeField(required=True)
    offline_since = DateTimeField()
    offset_seconds = IntField()
    received_at = DateTimeField(required=True)
    flags = ListField(StringField())
    flagged = BooleanField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    reason = StringField()
    person = ObjectIdField()
    ticket = StringField()
    settled_at = DateTimeField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "终端离线流水",
        persons=("person",),
        via=(("ticket", "tickets"),),
        sealed=(Sealed("code"),),
        at_deletion="keep",
        because="只含编号、时间、地点和加密的码内容, 用于核对已发生的使用和资金",
    )
)


@dataclass(frozen=True)
class Beside:
    """What an entry makes of another scan of the same thing: a conflict for a `reason`, or none any more without.

    `device`, `at` and `code_kind` are for a scan that came online, of which there is no entry.
    """

    entry: str
    device: str
    at: datetime
    code_kind: str
    reason: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settled:
    """What a handler decided. `details` of a conflict hold ids, times, codes and sums, nothing that names a person.

    `beside` are the other scans of the same thing for which this one has changed something.
    """

    state: Literal["applied", "conflict", "refused"]
    reason: str = ""
    person: ObjectId | None = None
    ticket: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    beside: tuple[Beside, ...] = ()


Handler = Callable[[dict[str, Any], ClientSession | None], Settled]
_handlers: dict[str, Handler] = {}


def settles(code_kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as what settles entries of a kind.

    It gets the stored entry, `code` opened, and the session of the transaction in which the entry changes its state:
    what it writes through the session happens once, with that change. It may run twice, so it reads no clock. What it
    raises leaves the entry waiting for the next try.

    Raises:
        ValueError: another function settles that kind.
    """

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(code_kind, handler) is not handler:
            raise ValueError(code_kind)
        return handler

    return register


def handlers() -> dict[str, Handler]:
    """Return what settles, by kind of code."""
    return dict(_handlers)


@dataclass(frozen=True)
class _Upload:
    """One call of a scanner."""

    id: ObjectId
    device: Device
    received_at: datetime
    offset: timedelta
    late_before: datetime


@dataclass(frozen=True)
class Receipt:
    """What became of one sent entry: received, duplicate, key_reused, malformed or refused.

    `quarantine` says of one that could not be taken whether it is `kept` for a person to look at, or its device has so
    many of them there that it is `full`.
    """

    nonce: str
    result: str
    reason: str = ""
    quarantine: str = ""


def take_in(device: Device, sent: list[Any], *, device_time: datetime) -> list[Receipt]:
    """Store what a scanner decided without network; answer for each entry, in order. Repeating it is harmless."""
    now = clock.now()
    upload = _Upload(ObjectId(), device, now, _offset(now - device_time), _late_before(device, now))
    read = [_read(device, raw) for raw in sent]
    entries = [one for one in read if isinstance(one, Entry)]
    known = _store(upload, entries)
    receipts = []
    for raw, one in zip(sent, read, strict=True):
        receipt = one if isinstance(one, Receipt) else _receipt(one, known)
        if receipt.result in {"malformed", "key_reused", "refused"}:
            kept = quarantine.put(device, raw, receipt.reason or receipt.result)
            receipt = replace(receipt, quarantine="kept" if kept else "full")
        receipts.append(receipt)
    outbox.wake("gates")
    return receipts


def _offset(told: timedelta) -> timedelta:
    return told if abs(told) > TRANSIT else timedelta(0)


def _late_before(device: Device, now: datetime) -> datetime:
    try:
        return now - timedelta(
            hours=offline_limit.on(device.scanner_class, clock.civil(now).date())["accept_late_hours"]
        )
    except NotFound:
        return now


def _read(device: Device, raw: Any) -> Entry | Receipt:
    try:
        one = entry_form.read(raw)
    except Malformed as error:
        return Receipt(entry_form.nonce_of(raw), "malformed", error.reason)
    wrong = entry_proof.wrong(device, one, raw)
    return Receipt(one.nonce, "refused", wrong) if wrong else one


@dataclass
class _Known:
    """Digests by nonce: of entries that lay in the store before, and of those that this upload brought."""

    before: dict[str, str]
    brought: dict[str, str]
    answered: Counter[str] = field(default_factory=Counter)


def _receipt(one: Entry, known: _Known) -> Receipt:
    there = known.before.get(one.nonce) or known.brought[one.nonce]
    if there != one.digest:
        return Receipt(one.nonce, "key_reused")
    known.answered[one.nonce] += 1
    first = one.nonce not in known.before and known.answered[one.nonce] == 1
    return Receipt(one.nonce, "received" if first else "duplicate")


def _store(upload: _Upload, entries: list[Entry]) -> _Known:
    """Store the entries that are not there yet, all or none; two uploads of the same at once end as one of them."""
    while True:
        before = _before(upload.device, entries)
        fresh: dict[str, Entry] = {}
        for one in entries:
            if one.nonce not in before:
                fresh.setdefault(one.nonce, one)
        records = [_record(upload, one) for one in fresh.values()]
        try:
            _insert(upload, records)
        except BulkWriteError as error:
            if not _met_another(error):
                raise
            continue
        return _Known(before, {nonce: one.digest for nonce, one in fresh.items()})


def _met_another(error: BulkWriteError) -> bool:
    """Tell whether another upload had stored one of the entries meanwhile."""
    return all(one["code"] == _DUPLICATE for one in error.details["writeErrors"])


def _before(device: Device, entries: list[Entry]) -> dict[str, str]:
    ids = [f"{device.device_id}:{one.nonce}" for one in entries]
    found = JournalEntry._get_collection().find({"_id": {"$in": ids}}, {"nonce": 1, "digest": 1})
    return {one["nonce"]: one["digest"] for one in found}


def _insert(upload: _Upload, records: list[dict[str, Any]]) -> None:
    if not records:
        return
    if any(one["state"] == "waiting" for one in records):
        records[0]["outbox"] = [outbox.entry("gates", "devices.settle_upload", upload=str(upload.id))]
    transactions.run(lambda session: JournalEntry._get_collection().insert_many(records, session=session))


def _record(upload: _Upload, one: Entry) -> dict[str, Any]:
    device, record = upload.device, f"{upload.device.device_id}:{one.nonce}"
    flags = _flags(upload, one)
    told = {
        "_id": record,
        "device": device.device_id,
        "gate": device.name,
        "nonce": one.nonce,
        **{name: getattr(device, name) for name in ("scanner_class", "place", "unit", "area")},
        "upload": upload.id,
        "digest": one.digest,
        "code_kind": one.code_kind,
        "code": runtime.current().sealer.seal(f"{COLLECTION}.code", record, one.code),
        "decision": one.decision,
        "gate_reason": one.reason,
        "zone": device.zone if one.zone is None else one.zone,
        "direction": one.direction or ("" if device.direction == "both" else device.direction),
        "at": min(one.at + upload.offset, upload.received_at),
        "told_at": one.at,
        "offset_seconds": round(upload.offset.total_seconds()),
        "received_at": upload.received_at,
        "state": "waiting" if one.decision == "admitted" else "noted",
    }
    since = {"offline_since": one.offline_since + upload.offset} if one.offline_since else {}
    return told | since | ({"flags": flags, "flagged": True} if flags else {})


def _flags(upload: _Upload, one: Entry) -> list[str]:
    at = one.at + upload.offset
    found = {
        "future": at > upload.received_at + CLOCK_TOLERANCE,
        "late": at < upload.late_before,
        "clock": abs(upload.offset) > CLOCK_TOLERANCE,
    }
    return [flag for flag, holds in found.items() if holds]
