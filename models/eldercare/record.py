"""A record (健康记录): what is told in words about an elder: a problem, a medicine, an allergy, a visit, a plan.

    active ─correct─▶ active (version + 1)       active ─end─▶ ended       active, ended ─withdraw─▶ entered_in_error

The content is sealed as one value, because diagnoses and free text are; kind, time and source are clear, so that lists
need not open it. Nothing is erased: what stood before a correction is kept in `health_versions`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.personal_data import Holding, Sealed
from backend.store import documents
from models.eldercare import subject
from models.eldercare.source import Source

COLLECTION = "health_records"
PLACE = "health_records.content"
KINDS = {
    "condition": "健康问题",
    "medication": "用药",
    "allergy": "过敏",
    "visit": "就诊",
    "check_up": "体检",
    "care_plan": "照护计划",
    "assessment": "评估",
    "questionnaire_response": "问卷",
    "meal": "助餐",
    "nursing": "护理",
    "rehabilitation": "康复",
    "social_work": "社工服务",
    "note": "记事",
}
STATE_ZH = {"active": "有效", "ended": "已结束", "entered_in_error": "录入有误"}
BY_KIND = [("subject", 1), ("kind", 1), ("at", -1), ("_id", -1)]
"""The index of one kind's course, named because the store's own choice walks a whole life for a rare kind."""
outbox.carried_by(COLLECTION)


class HealthRecord(Document):
    """`content` is sealed JSON: {title_zh, text?, coding?: [{system, code, display}], …} by kind.

    `deleted` is withdrawn by a DELETE of FHIR, which then neither finds nor reads it.
    `result` is what a table or a rule made of it, in the clear: {tool, tool_version, total, grade}.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["subject", "kind", "-at", "-_id"]},
            {"fields": ["subject", "-at", "-_id"]},
            {"fields": ["key"], "unique": True, "sparse": True},
            outbox.INDEX,
        ],
    }
    subject = ObjectIdField(required=True)
    kind = StringField(choices=tuple(KINDS), required=True)
    content = BinaryField(required=True)
    at = DateTimeField(required=True)
    until = DateTimeField()
    recorded_at = DateTimeField(required=True)
    source = DictField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    settled = DictField()
    key = StringField()
    result = DictField()
    version = IntField(required=True)
    changed_at = DateTimeField()
    deleted = BooleanField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 病情、用药、过敏、就诊和照护记录",
        via=(("subject", subject.COLLECTION),),
        sealed=(Sealed("content"),),
        traces=("kind", "at", "until", "source", "result"),
        level="verified",
        at_deletion="restrict",
        because="医疗机构管理条例实施细则第五十三条: 门诊病历保存不少于十五年",
    )
)


def made(
    subject_id: ObjectId, kind: str, content: Mapping[str, Any], source: Source, *, at: datetime, key: str = ""
) -> dict[str, Any]:
    """Return the document of a record; nothing is stored."""
    record_id = ObjectId()
    document = {
        "_id": record_id,
        "subject": subject_id,
        "kind": kind,
        "content": sealed(record_id, content),
        "at": at,
        "recorded_at": clock.now(),
        "source": source.stored(),
        "state": "active",
        "version": 1,
    }
    return document | ({"key": key} if key else {})


def keep(document: dict[str, Any], session: ClientSession | None = None) -> dict[str, Any]:
    """Store what `made` returned; one with a key that is stored already is returned as it stands.

    Within a transaction a stored key raises DuplicateKeyError, which ends it.
    """
    try:
        HealthRecord._get_collection().insert_one(document, session=session)
    except DuplicateKeyError:
        if session is not None or "key" not in document:
            raise
        return documents.one(HealthRecord, {"key": document["key"], "subject": document["subject"]})
    return document


def sealed(record_id: ObjectId, content: Mapping[str, Any]) -> bytes:
    """Return a record's content, sealed for that record."""
    return runtime.current().sealer.seal(PLACE, record_id, orjson.dumps(dict(content)).decode())


def content(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record says, opened."""
    return dict(orjson.loads(runtime.current().sealer.open(PLACE, found["_id"], found["content"])))


def read(record_id: ObjectId) -> dict[str, Any]:
    """Return a record, its content sealed.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthRecord, {"_id": record_id})


def listed(subject_id: ObjectId, kind: str, most: int = 50) -> list[dict[str, Any]]:
    """Return the records of one kind that were not entered in error, the newest first."""
    query = {"subject": subject_id, "kind": kind, "state": {"$ne": "entered_in_error"}}
    found = HealthRecord._get_collection().find(query, {"outbox": 0})
    return list(found.sort([("at", -1), ("_id", -1)]).hint(BY_KIND).limit(most))
