"""A conflict: what a scanner decided without network does not agree with what happened elsewhere. Staff settle it.

open ──settle──▶ settled
"""

from datetime import datetime
from typing import Any

from mongoengine import BinaryField, DateTimeField, DictField, Document, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.errors import Conflict as StateConflict
from backend.errors import NotFound
from backend.personal_data import Holding, Sealed
from backend.store import transactions
from models.audit import entry
from models.identity.actors import Staff

COLLECTION = "journal_conflicts"
STATE_ZH = {"open": "待处理", "settled": "已处理"}
DECISION_ZH = {
    "noted": "已知悉",
    "allowed": "情况属实,予以放行",
    "collected": "已补收票款",
    "misused": "认定冒用",
    "gate_fault": "闸机或网络故障",
}
"""What staff may make of a conflict."""
BY_ITSELF = "system:gates"
"""Who has settled what a later journal made no conflict any more."""


class JournalConflict(Document):
    """The id is that of the scan, device and nonce, as journal entries have it.

    `details` hold ids, times, codes and sums, as its handler told them.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["unit", "state", "-at", "-_id"]},
            {"fields": ["state", "-at", "-_id"]},
            {"fields": ["person"], "sparse": True},
            {"fields": ["ticket"], "sparse": True},
        ],
    }
    id = StringField(primary_key=True)
    device = StringField(required=True)
    place = StringField(required=True)
    unit = StringField()
    area = StringField()
    code_kind = StringField(required=True)
    reason = StringField(required=True)
    at = DateTimeField(required=True)
    person = ObjectIdField()
    ticket = StringField()
    details = DictField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    opened_at = DateTimeField(required=True)
    note = BinaryField()
    decision = StringField(choices=tuple(DECISION_ZH))
    settled_by = StringField()
    settled_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "离线流水冲突",
        persons=("person",),
        via=(("ticket", "tickets"),),
        sealed=(Sealed("note"),),
        at_deletion="keep",
        because="只含编号、时间和金额, 用于核对已发生的使用和资金",
    )
)


class AlreadySettled(StateConflict):
    """409: somebody settled it before."""

    code = "journal_conflict_settled"
    zh = "这条冲突已经处理过,请刷新后查看。"
    en = "This conflict was settled already. Refresh and look again."


def open_for(found: dict[str, Any], told: dict[str, Any], at: datetime, session: ClientSession) -> None:
    """Open the conflict of a scan inside the transaction that found it, or tell more of it where it is open.

    One that staff have settled stays settled, with what was found since.
    """
    conflicts, record = JournalConflict._get_collection(), found["_id"]
    same = {name: found[name] for name in ("device", "place", "unit", "area", "code_kind", "at")}
    fresh = same | {"state": "open", "opened_at": at}
    conflicts.update_one({"_id": record}, {"$set": told, "$setOnInsert": fresh}, upsert=True, session=session)
    again = {"$set": {"state": "open", "opened_at": at}, "$unset": {"settled_by": "", "settled_at": ""}}
    conflicts.update_one({"_id": record, "settled_by": BY_ITSELF}, again, session=session)


def read(actor: Staff, operation: str, record: str) -> dict[str, Any]:
    """Return a conflict that `operation` of the actor reaches.

    Raises:
        NotFound: no such conflict, or outside the actor's scope.
    """
    actor.require(operation)
    found = JournalConflict._get_collection().find_one({"_id": record})
    if found is None or not actor.covers(operation, unit=found["unit"], area=found["area"]):
        raise NotFound
    return found


def close_within(record: str, by: str, at: datetime, session: ClientSession) -> None:
    """Close a conflict that has resolved itself, within the transaction that did it; nothing where there is none."""
    guard, changes = {"_id": record, "state": "open"}, {"state": "settled", "settled_by": by, "settled_at": at}
    JournalConflict._get_collection().update_one(guard, {"$set": changes}, session=session)


def settle(actor: Staff, record: str, *, note: str, decision: str = "noted") -> dict[str, Any]:
    """Close a conflict with a decision and a note of what was done; return it. The same person may repeat it.

    Raises:
        NotFound: no such conflict, or outside the actor's scope.
        AlreadySettled: somebody else settled it before.
    """
    found = read(actor, "journal.settle", record)
    if found["state"] == "settled" and found["settled_by"] == actor.key:
        return found
    sealed = runtime.current().sealer.seal(f"{COLLECTION}.note", record, note)
    changes = {"state": "settled", "note": sealed, "settled_by": actor.key, "settled_at": clock.now()}
    changes |= {"decision": decision}
    about = f"journal_conflict:{record}"
    line = entry.line(actor.key, "journal.settle", about, unit=found["unit"], decision=decision)

    def change(session: ClientSession) -> dict[str, Any]:
        settled = JournalConflict._get_collection().find_one_and_update(
            {"_id": record, "state": "open"},
            {"$set": changes},
            session=session,
            return_document=ReturnDocument.AFTER,
        )
        if settled is None:
            raise AlreadySettled
        entry.write(line, session)
        return settled

    return transactions.run(change)
