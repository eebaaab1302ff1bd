"""What a recall reaches, a document each: lots, packs, boxes, other things, and who received some of them.

    todo ──the job──▶ done (with its outcome)

The id is recall, kind and name, so that looking twice finds the same things, and the job takes lots first.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from mongoengine import (
    BooleanField,
    DateTimeField,
    Document,
    IntField,
    ListField,
    LongField,
    ObjectIdField,
    StringField,
)
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.personal_data import Holding
from backend.store import documents, paging

COLLECTION = "selenium_recall_items"
KIND_ZH = {"lot": "批次", "pack": "包装批", "box": "箱", "thing": "其他标识", "buyer": "接收方"}
ROLE_ZH = {"start": "起点", "forward": "去向", "backward": "来源"}
OUTCOME_ZH = {
    "recalled": "已召回",
    "held": "已冻结,待人工决定",
    "left": "维持原状",
    "other_producer": "他人产品,待主管部门决定",
    "stopped": "已停止销售",
    "noted": "已列入",
    "told": "已通知",
    "unknown": "无法自动通知",
}
_ORDER = {kind: place for place, kind in enumerate(KIND_ZH, 1)}
_AT_A_TIME = 500
_FRESH = ("grams", "parts", "amounts_unknown")


class RecallItem(Document):
    """`was` is the state before the recall; `sources` names what it came from; `parts` what a buyer received."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["recall", "state", "_id"]},
            {"fields": ["recall", "_id"]},
            {"fields": ["producer"], "sparse": True},
        ],
    }
    id = StringField(primary_key=True)
    recall = StringField(required=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    name = StringField(required=True)
    uri = StringField(required=True)
    role = StringField(choices=tuple(ROLE_ZH), required=True)
    steps = IntField(required=True)
    sources = ListField(StringField())
    producer = ObjectIdField()
    product = StringField()
    lot = StringField()
    roll = StringField()
    first = IntField()
    last = IntField()
    packages = IntField()
    grams = LongField()
    left_grams = LongField()
    gone_grams = LongField()
    was = StringField()
    parts = ListField(StringField())
    amounts_unknown = BooleanField()
    returned_grams = LongField()
    destroyed_grams = LongField()
    state = StringField(choices=("todo", "done"), required=True)
    outcome = StringField(choices=tuple(OUTCOME_ZH))
    told = IntField()
    done_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "召回涉及的批次、包装和接收方",
        via=(("producer", "producers"),),
        traces=("uri",),
        at_deletion="restrict",
        because="召回记录须依法留存不少于二年(食品安全法第六十三条)。",
    )
)


def key(recall: str, kind: str, name: str) -> str:
    """Return the id of what a recall reaches."""
    return f"{recall}:{_ORDER[kind]}:{kind}:{name}"


def put(recall: str, items: Iterable[dict[str, Any]]) -> int:
    """Store what was reached; what is there stays, but for what a buyer received. Return how many were not there."""
    changes = []
    for one in items:
        own = {"recall": recall, "state": "todo", **one}
        fresh = {name: own.pop(name) for name in _FRESH if name in own and one["kind"] == "buyer"}
        update = {"$setOnInsert": own} | ({"$set": fresh} if fresh else {})
        changes.append(UpdateOne({"_id": key(recall, one["kind"], one["name"])}, update, upsert=True))
    added = 0
    for start in range(0, len(changes), _AT_A_TIME):
        result = RecallItem._get_collection().bulk_write(changes[start : start + _AT_A_TIME], ordered=False)
        added += result.upserted_count
    return added


def todo(recall: str, most: int) -> list[str]:
    """Return the ids of the next things to be worked on."""
    query = {"recall": recall, "state": "todo"}
    return [one["_id"] for one in RecallItem._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(most)]


def read(item_id: str) -> dict[str, Any]:
    """Return one thing.

    Raises:
        NotFound: the recall does not reach it.
    """
    return documents.one(RecallItem, {"_id": item_id})


def done(item_id: str, outcome: str, session: ClientSession | None = None, **told: Any) -> bool:
    """Note what became of a thing, once; return whether this call did."""
    change = {"$set": {"state": "done", "outcome": outcome, "done_at": clock.now(), **told}}
    query = {"_id": item_id, "state": "todo"}
    return bool(RecallItem._get_collection().update_one(query, change, session=session).matched_count)


def each(recall: str, kind: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield what a recall reaches, kind by kind."""
    yield from RecallItem._get_collection().find(_query(recall, kind)).sort("_id", 1)


def page(recall: str, kind: str | None, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what a recall reaches."""
    query = _query(recall, kind)
    return paging.page(RecallItem._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)


def _query(recall: str, kind: str | None) -> dict[str, Any]:
    begin = f"{recall}:{_ORDER[kind]}:" if kind else f"{recall}:"
    return {"recall": recall, "_id": {"$gt": begin, "$lt": f"{begin[:-1]};"}}
