"""A revision (版本) of an item: what was written, numbered, never changed afterwards."""

from typing import Any

from mongoengine import BooleanField, DateTimeField, DictField, Document, IntField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend.personal_data import Holding, declare
from backend.store import documents

COLLECTION = "content_revisions"


class ContentRevision(Document):
    """The id is the item's with the number; `of` names the revision that a rollback took its content from."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["item", "-number"], "unique": True}],
    }
    id = StringField(primary_key=True)
    item = StringField(required=True)
    number = IntField(required=True)
    content = DictField(required=True)
    author = ObjectIdField()
    imported = BooleanField()
    of = IntField()
    at = DateTimeField(required=True)


declare(
    Holding(
        COLLECTION,
        "公开内容的版本",
        staff=("author",),
        at_deletion="keep",
        because="网络出版的内容须可追溯到责任人;版本是县里公开发布的文字,不含个人信息",
    )
)


def add(made: dict[str, Any], session: ClientSession) -> None:
    """Store a revision in the transaction that lets its item name it."""
    ContentRevision._get_collection().insert_one({"_id": f"{made['item']}:{made['number']}", **made}, session=session)


def read(item_id: str, number: int, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a revision.

    Raises:
        NotFound: no such revision.
    """
    return documents.one(ContentRevision, {"_id": f"{item_id}:{number}"}, session=session)


def newest(item_id: str, *, most: int = 50) -> list[dict[str, Any]]:
    """Return the last revisions of an item without what they say, newest first."""
    query, without = {"item": item_id}, {"content": 0}
    return list(ContentRevision._get_collection().find(query, without).sort("number", -1).limit(most))
