"""Case numbers that people can say: PIPL-20261123-000001, counted by kind and civil day. Gaps are allowed."""

from mongoengine import Document, IntField, StringField
from pymongo import ReturnDocument

from backend import clock


class CaseCounter(Document):
    """The id is prefix and day."""

    meta = {"collection": "case_counters", "auto_create_index": False}
    id = StringField(primary_key=True)
    made = IntField(required=True)


def take(prefix: str) -> str:
    """Return the next number."""
    series = f"{prefix}-{clock.today():%Y%m%d}"
    counter = CaseCounter._get_collection().find_one_and_update(
        {"_id": series}, {"$inc": {"made": 1}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    return f"{series}-{counter['made']:06d}"
