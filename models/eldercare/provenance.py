"""Provenance (来源说明): what a sender says about where facts come from; only ever added.

Every fact tells its source by itself; a provenance is what somebody tells beyond that. The content is sealed. `about`
names the facts by type, id and what they are (a quantity, a kind of record), so that what is hidden stays hidden here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField

from backend import clock, personal_data, runtime
from backend.personal_data import Holding, Sealed
from models.eldercare import subject
from models.eldercare.source import Source

COLLECTION = "health_provenance"
PLACE = "health_provenance.content"


class HealthProvenance(Document):
    """`about` are the facts: {type, id, what}; `at` is when the sender recorded it."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["subject", "-at", "-_id"]},
            {"fields": ["about.id", "-at", "-_id"]},
            {"fields": ["key"], "unique": True, "sparse": True},
        ],
    }
    subject = ObjectIdField(required=True)
    about = ListField(DictField(), required=True)
    content = BinaryField(required=True)
    at = DateTimeField(required=True)
    recorded_at = DateTimeField(required=True)
    source = DictField(required=True)
    key = StringField()
    version = IntField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 来源说明",
        via=(("subject", subject.COLLECTION),),
        sealed=(Sealed("content"),),
        traces=("about", "at", "source"),
        level="verified",
        at_deletion="restrict",
        because="医疗机构管理条例实施细则第五十三条: 门诊病历及其来源记录保存不少于十五年",
    )
)


def made(
    subject_id: ObjectId, content: Mapping[str, Any], about: Sequence[dict[str, Any]], source: Source, at: datetime
) -> dict[str, Any]:
    """Return the document of a provenance; nothing is stored."""
    found = ObjectId()
    return {
        "_id": found,
        "subject": subject_id,
        "about": list(about),
        "content": runtime.current().sealer.seal(PLACE, found, orjson.dumps(dict(content)).decode()),
        "at": at,
        "recorded_at": clock.now(),
        "source": source.stored(),
        "version": 1,
    }


def content(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a provenance says, opened."""
    return dict(orjson.loads(runtime.current().sealer.open(PLACE, found["_id"], found["content"])))
