"""What a draw gave one application (派位结果): written before the publication, read by nobody until then.

Every reader goes by the draw to which the round points (`draw.published`): one write there publishes all results at
once. The id is `<draw>:<application>`, so a computation that runs again writes the same documents.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from mongoengine import Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReplaceOne

from backend import personal_data
from backend.personal_data import Holding
from backend.store import paging

COLLECTION = "school_results"
KIND_ZH = {"drawn": "派位录取", "coordinated": "统筹安排", "unplaced": "未录取"}


class SchoolResult(Document):
    """What one application got.

    `rank` is that of the choice which was met (0 for none), `priority` that at the school; `position` counts lots from
    1. `lot_of` is the pseudonym whose lot counted, another one's for tied children. `listed` orders the name list.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["draw", "pseudonym"], "unique": True},
            {"fields": ["draw", "listed", "_id"]},
            {"fields": ["draw", "school", "_id"]},
            {"fields": ["draw", "_id"]},
            {"fields": ["application", "-_id"]},
            {"fields": ["child"]},
            {"fields": ["guardian"]},
        ],
    }
    id = StringField(primary_key=True)
    round = StringField(required=True)
    draw = ObjectIdField(required=True)
    application = ObjectIdField(required=True)
    child = ObjectIdField(required=True)
    guardian = ObjectIdField(required=True)
    account = ObjectIdField()
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    school = StringField()
    rank = IntField(required=True)
    priority = IntField()
    lot = StringField(required=True)
    lot_of = StringField(required=True)
    position = IntField(required=True)
    pseudonym = StringField(required=True)
    reserve = StringField()
    choices = ListField(ListField())
    tier = IntField()
    listed = StringField()
    receipt_tail = StringField()


personal_data.declare(
    Holding(
        COLLECTION,
        "义务教育入学派位结果",
        persons=("child", "guardian"),
        traces=("school", "choices", "priority", "tier", "kind"),
        level="matched",
        at_deletion="restrict",
        because="义务教育法、档案法: 派位结果须留存备查至申诉、复核期满",
    )
)


def result_id(draw_id: ObjectId, application_id: ObjectId) -> str:
    """Return the id of what a draw gave an application."""
    return f"{draw_id}:{application_id}"


def put(results: Sequence[Mapping[str, Any]]) -> None:
    """Store results; the same again changes nothing."""
    SchoolResult._get_collection().bulk_write(
        [ReplaceOne({"_id": one["_id"]}, dict(one), upsert=True) for one in results], ordered=False
    )


def of_application(draw_id: ObjectId, application_id: ObjectId) -> dict[str, Any] | None:
    """Return what a draw gave an application."""
    return SchoolResult._get_collection().find_one({"_id": result_id(draw_id, application_id)})


def of_pseudonym(draw_id: ObjectId, pseudonym: str) -> dict[str, Any] | None:
    """Return what a draw gave who stands on the list under a pseudonym."""
    return SchoolResult._get_collection().find_one({"draw": draw_id, "pseudonym": pseudonym})


def after(draw_id: ObjectId, position: str | None, limit: int) -> list[dict[str, Any]]:
    """Return some results of a draw, in the order of their ids, behind a position."""
    query = {"draw": draw_id, "_id": {"$gt": position or ""}}
    return list(SchoolResult._get_collection().find(query).sort("_id", 1).limit(limit))


def listed(draw_id: ObjectId, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of those who got a place, in the order of the name list, and where the next page begins."""
    query = {"draw": draw_id, "listed": {"$gte": ""}}
    return paging.page(SchoolResult._get_collection(), query, sort=("listed", 1), cursor=cursor, limit=limit)
