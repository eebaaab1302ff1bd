"""What a case was opened with: each material, where it came from and of which day; kept as it was (免证办).

What registers said is sealed word for word, so that the decision can be followed later; the ids of the facts beside it
tell whether a register says otherwise by now, or whether the applicant disputes it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import runtime
from backend.personal_data import Holding, Sealed, declare
from backend.store import documents

COLLECTION = "case_materials"
MOST_LOOKED_AT = 5


class CaseMaterial(Document):
    """The snapshot of one opening; the case names it as `about.materials`.

    A row has `code`, `zh`, `origin` (register, case or file), `source_zh`, `day`, and by origin the ids of `facts` with
    `kind` and sealed `value`, the `paper` and its `number`, or `files` with the `case` that they lie in, if an earlier.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["person", "item", "-_id"], "sparse": True},
            {"fields": ["firm", "item", "-_id"], "partialFilterExpression": {"firm": {"$exists": True}}},
            {"fields": ["account"], "sparse": True},
        ],
    }
    item = StringField(required=True)
    case = ObjectIdField()
    person = ObjectIdField()
    account = ObjectIdField()
    firm = StringField()
    rows = ListField(DictField())
    spared = IntField(required=True)
    at = DateTimeField(required=True)


declare(
    Holding(
        COLLECTION,
        "事项使用的材料",
        persons=("person",),
        accounts=("account",),
        of_person=True,
        sealed=(Sealed("rows.value", record="{_id}:{code}"),),
        at_deletion="restrict",
        because="《机关档案管理规定》:行政机关办理事项形成的记录按期限归档保存",
    )
)


def seal(snapshot: ObjectId, code: str, values: list[Any]) -> bytes:
    """Seal what a register said for one material."""
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()
    return runtime.current().sealer.seal(f"{COLLECTION}.rows.value", f"{snapshot}:{code}", text)


def values_of(snapshot: ObjectId, row: Mapping[str, Any]) -> list[Any]:
    """Return what a register said for one material, empty where it came from elsewhere."""
    if "value" not in row:
        return []
    text = runtime.current().sealer.open(f"{COLLECTION}.rows.value", f"{snapshot}:{row['code']}", row["value"])
    return list(orjson.loads(text))


def insert(made: Mapping[str, Any], session: ClientSession) -> None:
    """Store a snapshot within the transaction that opens its case."""
    CaseMaterial._get_collection().insert_one(dict(made), session=session)


def of_case(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the snapshot of a case; one without rows where it was opened with none."""
    kept = found["about"].get("materials")
    return documents.one(CaseMaterial, {"_id": kept}) if kept else {"rows": [], "spared": 0}


def earlier(owner: Mapping[str, Any], item: str, before: datetime) -> list[dict[str, Any]]:
    """Return the snapshots of an applicant's earlier cases of an item, newest first, a few at most."""
    query = {**owner, "item": item, "at": {"$lt": before}}
    return list(CaseMaterial._get_collection().find(query).sort("_id", -1).limit(MOST_LOOKED_AT))


def belongs(snapshot: ObjectId, case_id: ObjectId) -> None:
    """Note which case a snapshot was kept for; without this its uploads are not used again."""
    CaseMaterial._get_collection().update_one({"_id": snapshot}, {"$set": {"case": case_id}})
