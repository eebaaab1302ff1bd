"""Restricted records: what a law keeps of a deleted person, stored and not used (个人信息保护法第四十七条).

The whole record leaves its own collection, so that no list, gate or figure can meet it, and lies here as one sealed
value: what was sealed inside of it is opened first, because no rotation of keys would find it there. Only a member of
the staff who holds `restricted.read` opens it, for a case, with an access line.
"""

import base64
from contextlib import suppress
from copy import deepcopy
from typing import Any

import bson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, ListField, ObjectIdField, StringField
from mongoengine.connection import get_db
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.personal_data import Holding, Sealed
from backend.sealing import SealBroken
from backend.store import documents, transactions
from models.audit import access_line, entry
from models.identity.actors import Staff

COLLECTION = "restricted_records"
PURPOSE = "legal_retention"


class RestrictedRecord(Document):
    """The id reads collection and record. `persons` are those whom the record is about."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["persons"], "sparse": True}, {"fields": ["account"], "sparse": True}],
    }
    id = StringField(primary_key=True)
    record = BinaryField(required=True)
    because = StringField(required=True)
    persons = ListField(ObjectIdField())
    account = ObjectIdField()
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        zh="依法留存的记录",
        persons=("persons",),
        accounts=("account",),
        sealed=(Sealed("record", secret=True),),
        at_deletion="keep",
        because="仅存储,不作他用",
    )
)


def restrict(holding: Holding, document: dict[str, Any], person: ObjectId | None = None) -> None:
    """Move a record out of use; repeating it changes nothing. `person` is whose it is where only a link tells that."""
    record_id = f"{holding.collection}:{document['_id']}"
    named = {one for path in holding.persons for one in personal_data.values(document, path)}
    kept = {
        "record": _sealed(record_id, _opened(holding, document)),
        "because": holding.because,
        "persons": sorted(named | ({person} if person and personal_data.is_linked(holding) else set())),
        "at": clock.now(),
    }
    if owner := next((one for path in holding.accounts for one in personal_data.values(document, path)), None):
        kept["account"] = owner

    def change(session: ClientSession) -> None:
        change = {"$setOnInsert": kept}
        RestrictedRecord._get_collection().update_one({"_id": record_id}, change, upsert=True, session=session)
        get_db()[holding.collection].delete_one({"_id": document["_id"]}, session=session)

    transactions.run(change)


def _opened(holding: Holding, document: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its sealed values opened; one that is broken stays as it is."""
    copy = deepcopy(document)
    for field in holding.sealed:
        for position, owner, name in personal_data.elements(copy, field.path):
            record = personal_data.record_name(field, copy, owner, position)
            if isinstance(owner[name], bytes):
                with suppress(SealBroken):
                    owner[name] = runtime.current().sealer.open(holding.place(field), record, owner[name])
    return copy


def _sealed(record_id: str, document: dict[str, Any]) -> bytes:
    text = base64.b64encode(bson.encode(document)).decode()
    return runtime.current().sealer.seal(f"{COLLECTION}.record", record_id, text)


def read(actor: Staff, record_id: str, *, case: str) -> dict[str, Any]:
    """Return a restricted record as it lay in its collection; access line and audit entry are stored before.

    Raises:
        NotFound: no such record.
    """
    actor.require("restricted.read")
    found = documents.one(RestrictedRecord, {"_id": record_id})
    access_line.record(actor, purpose=PURPOSE, subjects=found["persons"], fields=["restricted_record"], case=case)
    entry.write(entry.line(actor.key, "restricted.read", f"restricted:{record_id}", unit=actor.unit, case=case))
    text = runtime.current().sealer.open(f"{COLLECTION}.record", record_id, found["record"])
    return {"because": found["because"], "at": found["at"], "record": bson.decode(base64.b64decode(text))}
