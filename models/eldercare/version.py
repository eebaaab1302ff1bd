"""A version: what an observation or a record said before it was corrected; versions are only ever added.

The id reads collection, record and number, so that keeping the same version twice keeps one. A record's content stays
sealed for the record itself, which is why its place is the same as there.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.personal_data import Holding, Sealed
from models.eldercare import record, subject

COLLECTION = "health_versions"
MOST = 50
REASON_ZH = {
    "typo": "录入错误",
    "wrong_time": "时间有误",
    "wrong_elder": "不是这位老人的数据",
    "device_fault": "设备故障",
    "updated": "情况有变化",
    "settled": "经人工核定",
    "fhir": "由接口更正,未说明原因",
}
"""Why a version ended. `settled` is no correction; over FHIR nobody tells why."""


class HealthVersion(Document):
    """`said` are the clear fields as they stood; `content` what a record said, sealed; `by` ended this version."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["of", "-number"]}, {"fields": ["subject", "_id"]}],
    }
    id = StringField(primary_key=True)
    subject = ObjectIdField(required=True)
    of = ObjectIdField(required=True)
    number = IntField(required=True)
    said = DictField()
    content = BinaryField()
    ended_at = DateTimeField(required=True)
    by = StringField(required=True)
    reason = StringField()


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 更正前的内容",
        via=(("subject", subject.COLLECTION),),
        sealed=(Sealed("content", record="{of}", place=record.PLACE),),
        traces=("said",),
        level="verified",
        at_deletion="restrict",
        because="医疗机构管理条例实施细则第五十三条: 病历修改须保留原记录",
    )
)
_NOT_SAID = ("_id", "content", "outbox", "subject", "version", "key")


def keep(found: Mapping[str, Any], *, collection: str, by: str, reason: str, session: ClientSession) -> None:
    """Keep a document as it stands, within the transaction that changes it; `reason` is a code, never free text."""
    told = {
        "_id": f"{collection}:{found['_id']}:{found['version']}",
        "subject": found["subject"],
        "of": found["_id"],
        "number": found["version"],
        "said": {name: value for name, value in found.items() if name not in _NOT_SAID},
        "ended_at": clock.now(),
        "by": by,
        "reason": reason,
    }
    told |= {"content": found["content"]} if "content" in found else {}
    HealthVersion._get_collection().insert_one(told, session=session)


def listed(of: ObjectId) -> list[dict[str, Any]]:
    """Return the earlier versions of an observation or a record, the newest first."""
    return list(HealthVersion._get_collection().find({"of": of}).sort("number", -1).limit(MOST))
