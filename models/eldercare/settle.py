"""The same fact from several places: shown together, one of them is used, and a person may settle which.

Two records are about the same when they are of one kind and carry the same code, or without codes the same title; two
observations when they measure the same within one civil hour. Which one is used follows `source.RULE_ZH`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import Document
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotFound
from backend.store import documents, transactions
from models.audit import entry
from models.eldercare import record, source, version, view
from models.eldercare.observation import HealthObservation
from models.eldercare.reader import Reader
from models.eldercare.record import HealthRecord
from models.identity import person
from models.identity.actors import Staff

OPERATION = "health.settle"
MOST = 100


class NothingToSettle(Conflict):
    """409: nobody else says anything about the same."""

    code = "health_nothing_to_settle"
    zh = "没有其他来源对同一事项有不同记录,无需核定。"
    en = "No other source says anything about the same. There is nothing to settle."


def identity(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what an observation or a record is about: two with the same identity are the same fact."""
    if "code" in found:
        return "observation", found["code"], clock.civil(found["at"]).strftime("%Y-%m-%dT%H")
    said = record.content(found)
    coded = [f"{one['system']}|{one['code']}" for one in said.get("coding", ())]
    return "record", found["kind"], coded[0] if coded else person.plain_name(str(said.get("title_zh", "")))


def grouped(found: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return observations or records by fact, in the order of the first of each; first in a group is the one used."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for one in found:
        groups.setdefault(identity(one), []).append(one)
    return [sorted(group, key=source.weight, reverse=True) for group in groups.values()]


def reach(actor: Staff, subject_id: ObjectId) -> Reader:
    """Return the reader that a member of the staff is who may settle about an elder.

    Raises:
        NotAllowed: no role of theirs settles.
        NotFound: no such elder in their reach.
    """
    return view.of_staff(actor, subject_id, OPERATION)


def settle(actor: Staff, reader: Reader, of: str, item_id: ObjectId) -> list[Mapping[str, Any]]:
    """Decide that this observation or record is used where others say something else; return the group, it first.

    The same again changes nothing; another decision later replaces this one, and what stood before is kept.

    Raises:
        NotFound: no such item of this elder, or it is hidden from them.
        NothingToSettle: it stands alone.
    """
    kind = HealthObservation if of == "observation" else HealthRecord
    chosen = documents.one(kind, {"_id": item_id, "subject": reader.subject_id, "state": {"$ne": "entered_in_error"}})
    if not reader.sees(chosen):
        raise NotFound
    ids = [one["_id"] for one in _group(reader, chosen)]
    if len(ids) == 1:
        raise NothingToSettle
    transactions.run(lambda session: _write(actor, kind, item_id, ids, session))
    return grouped(kind._get_collection().find({"_id": {"$in": ids}}))[0]


def _group(reader: Reader, chosen: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if "kind" in chosen:
        found = reader.records(chosen["kind"], MOST)
    else:
        hour = clock.civil(chosen["at"]).replace(minute=0, second=0, microsecond=0)
        query = reader.shown("code") | {"code": chosen["code"], "state": {"$ne": "entered_in_error"}}
        query["at"] = {"$gte": hour, "$lt": hour + timedelta(hours=1)}
        found = list(HealthObservation._get_collection().find(query, {"outbox": 0}).limit(MOST))
    wanted = identity(chosen)
    return [one for one in found if identity(one) == wanted] or [chosen]


def _write(
    actor: Staff, kind: type[Document], item_id: ObjectId, ids: Sequence[ObjectId], session: ClientSession
) -> None:
    collection, now = kind._get_collection(), clock.now()
    for found in list(collection.find({"_id": {"$in": list(ids)}}, session=session)):
        used = found["_id"] == item_id
        if used == bool(found.get("settled")):
            continue
        version.keep(found, collection=collection.name, by=actor.key, reason="settled", session=session)
        told = {"$set": {"settled": {"by": actor.key, "at": now}}} if used else {"$unset": {"settled": ""}}
        collection.update_one({"_id": found["_id"]}, {**told, "$inc": {"version": 1}}, session=session)
        about = f"{collection.name}:{found['_id']}"
        entry.write(entry.line(actor.key, "health.settle", about, unit=actor.unit, used=used), session)
