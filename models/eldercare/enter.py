"""Entering what staff know of an elder: a measured value or a record, with the source it comes from.

A unit tells what it does itself: a care station writes down meals, not a hospital's diagnosis. So the trust of a source
is never higher than who stands behind it. Observation or record, its audit entry and the place of the elder on work
lists are one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.eldercare import observation, record, subject, view
from models.eldercare.observation import AHEAD_SECONDS, Measured, MeasuredInFuture
from models.eldercare.reader import Reader
from models.eldercare.source import Source
from models.identity.actors import Staff

OPERATION = "health.write"
TELLS = {
    "village_clinic": ("village_clinic", "check_up", "nursing", "rehabilitation", "social_work"),
    "hospital": ("hospital", "check_up", "nursing", "rehabilitation"),
    "care_home": ("care_home", "nursing", "rehabilitation", "meals", "social_work"),
    "care_station": ("nursing", "rehabilitation", "meals", "social_work"),
}
"""What kinds of sources a unit may speak for, by what it cares as; the first is its own."""


class SourceNotYours(Unprocessable):
    """422: the unit does not speak for this kind of source."""

    code = "health_source_not_yours"
    zh = "本单位不能以该来源录入,请按本单位的服务类型选择来源。"
    en = "Your unit does not speak for this kind of source. Choose one that fits what it does."


class EndsBefore(Unprocessable):
    """422: the end lies before the beginning."""

    code = "health_ends_before"
    zh = "结束时间早于开始时间,请核对。"
    en = "The end lies before the beginning. Check the times."


@dataclass(frozen=True)
class Written:
    """What a record says: `content` as `record_forms` has it, from `at` until `until` where it has ended.

    `key` is the sender's own name of the record, unique over all.
    """

    kind: str
    content: Mapping[str, Any] = field(repr=False)
    at: datetime
    until: datetime | None = None
    key: str = ""


def source_of(actor: Staff, reader: Reader, kind: str = "") -> Source:
    """Return the source that a member of the staff speaks for: of the kind named, or their unit's own.

    Raises:
        SourceNotYours: none of their units that care for this elder does.
    """
    for one in sorted(reader.subject["units"], key=lambda one: one["unit"] != actor.unit):
        told = TELLS[one["as"]]
        if one["unit"] in reader.units and kind in {"", *told}:
            return Source(kind or told[0], unit=one["unit"], by=actor.key)
    raise SourceNotYours


def measured(actor: Staff, subject_id: ObjectId, told: Measured, *, source_kind: str = "") -> dict[str, Any]:
    """Store what a member of the staff measured, and return the observation.

    Raises:
        NotFound: no such elder in their reach.
        SourceNotYours: their unit does not speak for this source.
        QuantityUnknown, MeasuredInFuture: see `observation.made`.
        DuplicateKeyError: its key is stored already.
    """
    reader = view.of_staff(actor, subject_id, OPERATION)
    document = observation.made(subject_id, told, source_of(actor, reader, source_kind))
    _store(actor, document, told.code, lambda session: observation.put(document, session))
    outbox.wake(observation.QUEUE)
    return document


def written(actor: Staff, subject_id: ObjectId, told: Written, *, source_kind: str = "") -> dict[str, Any]:
    """Store what a member of the staff wrote down, and return the record.

    Raises:
        NotFound: no such elder in their reach.
        SourceNotYours: their unit does not speak for this source.
        MeasuredInFuture, EndsBefore: the times cannot be.
        DuplicateKeyError: its key is stored already.
    """
    reader = view.of_staff(actor, subject_id, OPERATION)
    check_times(told.at, told.until)
    source = source_of(actor, reader, source_kind)
    document = record.made(subject_id, told.kind, told.content, source, at=told.at, key=told.key) | ended(told.until)
    _store(actor, document, told.kind, lambda session: record.keep(document, session))
    return document


def check_times(at: datetime, until: datetime | None) -> None:
    """Check when something began and ended.

    Raises:
        MeasuredInFuture: it begins later than now.
        EndsBefore: it ends before it begins.
    """
    if (at - clock.now()).total_seconds() > AHEAD_SECONDS:
        raise MeasuredInFuture
    if until is not None and until < at:
        raise EndsBefore


def ended(until: datetime | None) -> dict[str, Any]:
    """Return the fields of a record that is over by now, none of one that goes on."""
    if until is None:
        return {}
    return {"until": until, "state": "ended" if until <= clock.now() else "active"}


def _store(actor: Staff, document: Mapping[str, Any], word: str, keep: Any) -> None:
    collection = record.COLLECTION if "kind" in document else observation.COLLECTION
    told = {"word": word, "source": document["source"]["kind"]}
    line = entry.line(actor.key, "health.enter", f"{collection}:{document['_id']}", unit=actor.unit, **told)

    def write(session: ClientSession) -> None:
        keep(session)
        subject.touched(document["subject"], document["recorded_at"], session)
        entry.write(line, session)

    transactions.run(write)
