"""An observation (测量): one measured value of an elder, or a panel of several, as one source told it.

    final ─correct─▶ amended ─correct─▶ amended …        final, amended ─withdraw─▶ entered_in_error

Values are numbers in the quantity's own unit (`codes`), in the clear under the subject's random id. Nothing is erased:
a correction keeps what stood before in `health_versions`, in the same transaction. Ranges flag and never refuse. `key`
is the sender's own name of the measurement, so that a repeat is the same observation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    FloatField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import Unprocessable
from backend.personal_data import Holding
from backend.store import documents
from backend.store.combining import Combiner, insert_all
from models.eldercare import codes, subject
from models.eldercare.source import Source

COLLECTION = "health_observations"
STATE_ZH = {"final": "有效", "amended": "已更正", "entered_in_error": "录入有误"}
FLAG_ZH = {
    "implausible": "数值超出人体可能范围,请核对",
    "unit_converted": "单位已换算",
    "calibration_overdue": "设备校准已过期",
    "repeats_differ": "多次测量相差较大",
    "late": "离线测量后补传",
    "calibration_unknown": "设备没有校准记录",
    "single_reading": "只测了一次,未取平均",
    "repeats_hurried": "两次测量间隔过短",
    "time_doubtful": "设备时间存疑,请核对测量时间",
    "sustained": "穿戴设备持续测得异常",
}
JUDGE = "eldercare.judge"
"""The outbox task that asks the rules what an observation means."""
QUEUE = "care"
BY_CODE = [("subject", 1), ("code", 1), ("at", -1), ("_id", -1)]
"""The index of one quantity's course, named because the store's own choice walks a whole life for a rare quantity."""
outbox.carried_by(COLLECTION)


class HealthObservation(Document):
    """`values` holds each quantity's number; `flags` what a person should look at; `repeats` what was averaged.

    `deleted` is withdrawn by a DELETE of FHIR, which then neither finds nor reads it.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["subject", "-at", "-_id"]},
            {"fields": ["subject", "code", "-at", "-_id"]},
            {"fields": ["key"], "unique": True, "sparse": True},
            outbox.INDEX,
        ],
    }
    subject = ObjectIdField(required=True)
    code = StringField(choices=codes.NAMES, required=True)
    values = DictField(field=FloatField())
    at = DateTimeField(required=True)
    recorded_at = DateTimeField(required=True)
    source = DictField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    flags = ListField(StringField())
    repeats = ListField(DictField())
    context = DictField()
    settled = DictField()
    key = StringField()
    version = IntField(required=True)
    changed_at = DateTimeField()
    deleted = BooleanField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 测量值",
        via=(("subject", subject.COLLECTION),),
        traces=("code", "values", "at", "source", "flags", "context"),
        level="verified",
        at_deletion="keep",
        because="基本医疗卫生与健康促进法、国家基本公共卫生服务规范: 健康档案须留存;已删除与本人的对应,不再指向任何人",
    )
)


class QuantityUnknown(Unprocessable):
    """422: the code or the unit is not one that we know."""

    code = "health_quantity_unknown"
    zh = "无法识别「{told}」的测量项目或单位,请按接口文档中的项目和单位填写。"
    en = "The quantity {told}, or its unit, is not known. Use those of the documentation."


class MeasuredInFuture(Unprocessable):
    """422: a measurement cannot lie in the future."""

    code = "health_measured_in_future"
    zh = "测量时间晚于当前时间,请核对设备时钟后重新上传。"
    en = "The time of the measurement lies in the future. Check the device's clock and send it again."


@dataclass(frozen=True)
class Measured:
    """What was measured: `values` by quantity, each (number, UCUM unit); `at` in UTC.

    `context` tells how it was measured, in the clear: {"oxygen": bool, "spo2_scale": 1 or 2, "consciousness": "alert" |
    "confusion" | "voice" | "pain" | "unresponsive", "position": "sitting" …}.
    """

    code: str
    values: Mapping[str, tuple[float, str]]
    at: datetime
    key: str = ""
    repeats: Sequence[Mapping[str, float]] = ()
    flags: Iterable[str] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


AHEAD_SECONDS = 300
"""How far a device's clock may be ahead."""


def made(subject_id: ObjectId, measured: Measured, source: Source) -> dict[str, Any]:
    """Return the document of an observation, units converted and doubts flagged; nothing is stored.

    Raises:
        QuantityUnknown: a code, component or unit is not known.
        MeasuredInFuture: it was measured later than now.
    """
    now = clock.now()
    if (measured.at - now).total_seconds() > AHEAD_SECONDS:
        raise MeasuredInFuture
    if measured.code not in codes.NAMES or not measured.values:
        raise QuantityUnknown(told=measured.code)
    flags, values = set(measured.flags), {}
    for name, (number, unit) in measured.values.items():
        if name not in codes.components(measured.code):
            raise QuantityUnknown(told=name)
        value = codes.in_own_unit(name, number, unit)
        if value is None:
            raise QuantityUnknown(told=name)
        flags |= {"unit_converted"} if unit != codes.QUANTITIES[name].unit else set()
        flags |= set() if codes.is_plausible(name, value) else {"implausible"}
        values[name] = value
    document = {
        "_id": ObjectId(),
        "subject": subject_id,
        "code": measured.code,
        "values": values,
        "at": measured.at,
        "recorded_at": now,
        "source": source.stored(),
        "state": "final",
        "flags": sorted(flags),
        "version": 1,
    }
    told = {"repeats": [dict(one) for one in measured.repeats], "context": dict(measured.context), "key": measured.key}
    document |= {name: value for name, value in told.items() if value}
    document["outbox"] = [to_judge(document["_id"])]
    return document


def to_judge(observation_id: Any) -> dict[str, Any]:
    """Return the outbox entry that asks the rules what an observation means."""
    return outbox.entry("care", "eldercare.judge", observation=str(observation_id))


def _insert(_key: int, found: Sequence[dict[str, Any]]) -> Sequence[BaseException | None]:
    return insert_all(HealthObservation._get_collection(), found)


_inserts: Combiner[dict[str, Any]] = Combiner(_insert)


def keep(subject_id: ObjectId, measured: Measured, source: Source) -> dict[str, Any]:
    """Store an observation and return it; one with a key that is stored already is returned as it stands.

    Who is sent the answer has it stored by the majority. What it means is asked by the outbox.

    Raises:
        QuantityUnknown: a code, component or unit is not known.
        MeasuredInFuture: it was measured later than now.
    """
    document = made(subject_id, measured, source)
    try:
        _inserts.run(0, document)
    except DuplicateKeyError:
        return documents.one(HealthObservation, {"key": document["key"], "subject": subject_id})
    outbox.wake(QUEUE)
    return document


def put(document: dict[str, Any], session: ClientSession) -> dict[str, Any]:
    """Store what `made` returned within a transaction; the caller wakes the queue after it.

    A key that is stored already raises DuplicateKeyError, which ends the transaction.
    """
    HealthObservation._get_collection().insert_one(document, session=session)
    return document


def read(observation_id: ObjectId) -> dict[str, Any]:
    """Return an observation.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthObservation, {"_id": observation_id})


def latest(subject_id: ObjectId, code: str, most: int = 1, *, until: datetime | None = None) -> list[dict[str, Any]]:
    """Return the last observations of one code that were not entered in error, the newest first."""
    query: dict[str, Any] = {"subject": subject_id, "code": code, "state": {"$ne": "entered_in_error"}}
    if until is not None:
        query["at"] = {"$lte": until}
    found = HealthObservation._get_collection().find(query, {"outbox": 0})
    return list(found.sort([("at", -1), ("_id", -1)]).hint(BY_CODE).limit(most))
