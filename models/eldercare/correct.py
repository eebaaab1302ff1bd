"""Correcting and withdrawing what was entered: what stood before is kept, in the transaction that changes it.

Who corrects says which version they saw: of two who correct the same at once, one wins and the other is told to look
again. A unit corrects what it said itself; where units disagree, a person settles it (`settle`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bson import ObjectId
from mongoengine import Document
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict, NotFound, Unprocessable
from backend.store import documents, transactions
from models.audit import entry
from models.eldercare import enter, subject, version, view
from models.eldercare import observation as observations
from models.eldercare import record as records
from models.eldercare.enter import Written
from models.eldercare.observation import HealthObservation, Measured
from models.eldercare.reader import Reader
from models.eldercare.record import HealthRecord
from models.eldercare.source import Source
from models.identity.actors import Staff

REASONS = tuple(one for one in version.REASON_ZH if one not in {"settled", "fhir"})
"""Why something is corrected or withdrawn."""
STANDING: dict[str, Any] = {"state": {"$ne": "entered_in_error"}}
NOBODYS = ("kiosk", "wearable", "self")
"""Sources that no unit speaks for: whoever cares for the elder corrects what they say."""
KEEPS: dict[str, type[Document]] = {"observation": HealthObservation, "record": HealthRecord}


class VersionStale(Conflict):
    """409: somebody changed it meanwhile, or it was withdrawn."""

    code = "health_version_stale"
    zh = "内容已被他人更正或撤回,请刷新后再改。"
    en = "Somebody corrected or withdrew this meanwhile. Refresh, and correct what stands there now."


class NotYourEntry(Conflict):
    """409: another unit said this."""

    code = "health_not_your_entry"
    zh = "这条记录由其他单位录入,请由该单位更正;说法不一致的请使用核定。"
    en = "Another unit entered this, and corrects it. Where units disagree, settle which one is used."


class KindFixed(Unprocessable):
    """422: a correction does not turn one kind of record, or one quantity, into another."""

    code = "health_kind_fixed"
    zh = "更正不能改变记录类型或测量项目,请撤回后重新录入。"
    en = "A correction cannot change what kind of thing this is. Withdraw it and enter it anew."


class Actor(Protocol):
    """Who corrects."""

    @property
    def key(self) -> str:
        """Return the actor's name in history."""


class ResultStands(Conflict):
    """409: a table or a rule made a result of it, which a correction of the words would leave behind."""

    code = "health_result_stands"
    zh = "这条记录带有评分或随访结果,不能直接修改;请撤回后重新评估。"
    en = "A result was made of this record. Withdraw it and assess anew."


@dataclass(frozen=True)
class Change:
    """Which version the actor saw, and why it changes: one of `REASONS`."""

    expected: int
    reason: str


def reach(actor: Staff, subject_id: ObjectId, of: str, item_id: ObjectId) -> dict[str, Any]:
    """Return an observation or a record that a member of the staff may correct; `of` says which of the two.

    Raises:
        NotFound: no such elder in their reach, no such item, or it is hidden from them.
        NotYourEntry: another unit said it.
    """
    reader = view.of_staff(actor, subject_id, enter.OPERATION)
    found = documents.one(KEEPS[of], {"_id": item_id, "subject": subject_id})
    require_own(reader, found)
    return found


def require_own(reader: Reader, found: Mapping[str, Any]) -> None:
    """Check that a member of the staff sees an observation or a record, and that it is theirs to correct.

    Raises:
        NotFound: it is hidden from them.
        NotYourEntry: another unit said it.
    """
    if not reader.sees(found):
        raise NotFound
    told = found["source"]
    if told.get("unit") not in reader.units and told["kind"] not in NOBODYS:
        raise NotYourEntry


def require_words(found: Mapping[str, Any]) -> None:
    """Check that a record says no more than its words.

    Raises:
        ResultStands: a result was made of it.
    """
    if "result" in found:
        raise ResultStands


def observation(actor: Actor, found: Mapping[str, Any], measured: Measured, change: Change) -> dict[str, Any]:
    """Correct what was measured, and return it as it stands now; the rules are asked about it anew.

    Raises:
        VersionStale: it is not as the actor saw it.
        KindFixed: it was another quantity.
        QuantityUnknown, MeasuredInFuture: see `observation.made`.
    """
    if measured.code != found["code"]:
        raise KindFixed
    made = observations.made(found["subject"], measured, Source(found["source"]["kind"]))
    done = _apply(actor, found, change, amended(found, made))
    outbox.wake(observations.QUEUE)
    return done


def amended(found: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """Return the update by which an observation says what a new one of `observation.made` says, judged anew."""
    names = ("values", "at", "flags", "context", "repeats")
    told = {name: made[name] for name in names if name in made} | {"state": "amended"}
    gone = {name: "" for name in names if name not in made}
    return {"$set": told, "$unset": gone, "$push": {"outbox": observations.to_judge(found["_id"])}}


def record(actor: Actor, found: Mapping[str, Any], written: Written, change: Change) -> dict[str, Any]:
    """Correct what a record says, or end it by `until`, and return it as it stands now.

    Raises:
        VersionStale: it is not as the actor saw it.
        KindFixed: it is of another kind.
        MeasuredInFuture, EndsBefore: the times cannot be.
    """
    if written.kind != found["kind"]:
        raise KindFixed
    require_words(found)
    enter.check_times(written.at, written.until)
    told = {"content": records.sealed(found["_id"], written.content), "at": written.at, "state": "active"}
    told |= enter.ended(written.until)
    gone = {} if written.until else {"until": ""}
    return _apply(actor, found, change, {"$set": told, "$unset": gone})


def withdraw(actor: Actor, found: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """Mark an observation or a record as entered in error, and return it; no list shows it from now on.

    Raises:
        VersionStale: it is not as the actor saw it.
    """
    done = _apply(actor, found, change, withdrawn(found))
    if "code" in found:
        outbox.wake(observations.QUEUE)
    return done


def withdrawn(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the update by which an observation or a record was entered in error."""
    told: dict[str, Any] = {"$set": {"state": "entered_in_error"}, "$unset": {"settled": ""}}
    return told | ({} if "kind" in found else {"$push": {"outbox": observations.to_judge(found["_id"])}})


def _apply(actor: Actor, found: Mapping[str, Any], change: Change, told: dict[str, Any]) -> dict[str, Any]:
    return transactions.run(lambda session: put(actor, found, change, told, session=session))


def put(
    actor: Actor, found: Mapping[str, Any], change: Change, told: Mapping[str, Any], *, session: ClientSession
) -> dict[str, Any]:
    """Carry out an update within a transaction, and return what stands then; what stood before is kept.

    Raises:
        VersionStale: it is not as the actor saw it.
    """
    kind = HealthRecord if "kind" in found else HealthObservation
    collection = kind._get_collection()
    now, guard = clock.now(), _guard(found, change)
    update = {name: fields for name, fields in told.items() if fields}
    update["$set"] = {**update["$set"], "version": change.expected + 1, "changed_at": now}
    about = f"{collection.name}:{found['_id']}"
    details = {"reason": change.reason, "version": change.expected + 1, "state": update["$set"]["state"]}
    line = entry.line(actor.key, "health.correct", about, unit=getattr(actor, "unit", ""), **details)
    standing = collection.find_one(guard, session=session)
    if standing is None:
        raise VersionStale
    version.keep(standing, collection=collection.name, by=actor.key, reason=change.reason, session=session)
    collection.update_one(guard, update, session=session)
    subject.touched(found["subject"], now, session)
    if isinstance(actor, Staff):
        entry.write(line, session)
    return documents.one(kind, {"_id": found["_id"]}, session=session)


def _guard(found: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """Return the query of an item as the actor saw it, and not withdrawn."""
    return {"_id": found["_id"], "version": change.expected, **STANDING}
