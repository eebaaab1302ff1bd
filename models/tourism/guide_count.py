"""How often guide content was looked at: a number for each item and day, and nothing about who looked."""

from datetime import date
from typing import Any

from mongoengine import Document, IntField, StringField
from pymongo.write_concern import WriteConcern

from backend import clock
from models.content import item
from models.identity.actors import Staff

LONGEST_DAYS = 366


class GuideCount(Document):
    """The id is item and day."""

    meta = {
        "collection": "guide_counts",
        "auto_create_index": False,
        "indexes": [{"fields": ["item", "day"]}],
    }
    id = StringField(primary_key=True)
    item = StringField(required=True)
    day = StringField(required=True)
    count = IntField(required=True)


def seen(kind_name: str, own: str) -> None:
    """Count one look at published content. A lost one does no harm, so nobody waits for it to be stored."""
    name, day = item.item_id(kind_name, own), clock.today().isoformat()
    unsure = GuideCount._get_collection().with_options(write_concern=WriteConcern(w=0))
    change = {"$inc": {"count": 1}, "$setOnInsert": {"item": name, "day": day}}
    unsure.update_one({"_id": f"{name}:{day}"}, change, upsert=True)


def by_day(actor: Staff, item_name: str, first: date, last: date) -> list[dict[str, Any]]:
    """Return the looks at an item by day, between two days.

    Raises:
        NotAllowed, NotFound: see `item.reach`.
    """
    item.reach(actor, "content.read", item_name)
    days = {"$gte": first.isoformat(), "$lte": last.isoformat()}
    found = GuideCount._get_collection().find({"item": item_name, "day": days}).sort("day", 1).limit(LONGEST_DAYS)
    return [{"day": one["day"], "count": one["count"]} for one in found]
