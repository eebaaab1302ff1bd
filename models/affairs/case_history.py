"""Older lines of long histories, out of the case so that it stays small; sealed as they were in it."""

from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, ObjectIdField, StringField
from pymongo import ReplaceOne
from pymongo.client_session import ClientSession

from backend.personal_data import Holding, Sealed, declare

COLLECTION = "case_history"
MOST = 500


class CaseHistoryLine(Document):
    """One line, with all the fields that it had in the case."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["case", "_id"]}, {"fields": ["person"], "sparse": True}, {"fields": ["account"]}],
    }
    case = ObjectIdField(required=True)
    person = ObjectIdField()
    account = ObjectIdField()
    at = DateTimeField(required=True)
    who = StringField(required=True)
    what = StringField(required=True)
    text = BinaryField()


declare(
    Holding(
        COLLECTION,
        "办理事项的早期记录",
        persons=("person",),
        accounts=("account",),
        of_person=True,
        staff=("who",),
        sealed=(Sealed("text", record="{case}:{_id}", place="cases.history.text"),),
        at_deletion="restrict",
        because="《机关档案管理规定》:行政机关办理事项形成的记录按期限归档保存",
    )
)


def overflow(found: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Return the lines that leave a case whose history has grown to `most`."""
    history = found["history"]
    if len(history) < most:
        return []
    owner = {name: found[name] for name in ("person", "account") if found.get(name)}
    return [
        {
            **{name: value for name, value in line.items() if name != "id"},
            "_id": line["id"],
            "case": found["_id"],
            **owner,
        }
        for line in history[: len(history) - most // 2]
    ]


def keep(lines: list[dict[str, Any]], session: ClientSession | None) -> None:
    """Store lines; storing them again changes nothing."""
    if lines:
        changes = [ReplaceOne({"_id": line["_id"]}, line, upsert=True) for line in lines]
        CaseHistoryLine._get_collection().bulk_write(changes, session=session)


def older(case_id: ObjectId) -> list[dict[str, Any]]:
    """Return the lines that left a case, oldest first."""
    found = CaseHistoryLine._get_collection().find({"case": case_id}).sort("_id", 1).limit(MOST)
    return [{**line, "id": line["_id"]} for line in found]
