"""A personal range (个人范围): between which values a quantity of one elder may lie, who set it, until when, and why.

    live ─another one is set, or it is ended─▶ ended          past its last day it no longer counts

While it counts, what lies outside is found, and rules that only look for high values leave this quantity alone; what is
dangerous for anybody stays so. For the saturation it may name scale 2 of NEWS2, for who retains carbon dioxide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    Document,
    FloatField,
    IntField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from models.audit import entry
from models.eldercare import codes, subject, view
from models.identity.actors import Staff
from models.rules import parameters

COLLECTION = "health_ranges"
REASON = "health_ranges.reason"
OPERATION = "health.assess"
MOST_DAYS = "health_range_days_most"
MOST = 100
SCALES = {1: "血氧评分量表一", 2: "血氧评分量表二(二氧化碳潴留)"}


class HealthRange(Document):
    """`until` is its last day; `live` stands on the one that counts for a quantity; `reason` is sealed."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["subject", "quantity"],
                "unique": True,
                "partialFilterExpression": {"live": True},
                "name": "one_live",
            },
            {"fields": ["subject", "-live", "-set_at"]},
        ],
    }
    subject = ObjectIdField(required=True)
    quantity = StringField(choices=tuple(codes.QUANTITIES), required=True)
    low = FloatField()
    high = FloatField()
    scale = IntField(choices=tuple(SCALES))
    until = StringField(required=True)
    reason = BinaryField(required=True)
    live = BooleanField(required=True)
    set_by = StringField(required=True)
    unit = StringField(required=True)
    set_at = DateTimeField(required=True)
    ended_at = DateTimeField()
    ended_by = StringField()


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 个人范围",
        via=(("subject", subject.COLLECTION),),
        sealed=(Sealed("reason"),),
        traces=("quantity", "low", "high", "scale", "until"),
        level="verified",
        at_deletion="restrict",
        because="医疗机构管理条例实施细则第五十三条: 诊疗依据须留存",
    )
)


class RangeWrong(Unprocessable):
    """422: no value could lie in the range, or it would hold too long."""

    code = "health_range_wrong"
    zh = "个人范围有误:{why_zh}请修改后再保存。"
    en = "The range is not usable. Give a lower value below the upper one and a last day within the allowed time."


class RangeBusy(Conflict):
    """409: somebody else set the same range at this moment."""

    code = "health_range_busy"
    zh = "该项目的个人范围刚被他人修改,请刷新后再设置。"
    en = "Somebody else has just set this range. Look at it and set it again."


@dataclass(frozen=True)
class Wanted:
    """What is set: in the quantity's own unit, None where a side is open."""

    quantity: str
    low: float | None
    high: float | None
    until: date
    reason: str = field(repr=False)
    scale: int | None = None


def put(actor: Staff, subject_id: ObjectId, told: Wanted) -> dict[str, Any]:
    """Set the range of a quantity for an elder in place of an earlier one; return it.

    Raises:
        NotFound: no such elder in the actor's reach.
        RangeWrong: see there.
        RangeBusy: another one was set at the same moment.
    """
    view.of_staff(actor, subject_id, OPERATION)
    _check(told)
    range_id, now = ObjectId(), clock.now()
    made = {
        "_id": range_id,
        "subject": subject_id,
        "quantity": told.quantity,
        "until": told.until.isoformat(),
        "reason": runtime.current().sealer.seal(REASON, range_id, told.reason),
        "live": True,
        "set_by": actor.key,
        "unit": actor.unit,
        "set_at": now,
    }
    sides = {"low": told.low, "high": told.high, "scale": told.scale}
    made |= {name: value for name, value in sides.items() if value is not None}
    line = entry.line(actor.key, "health.range", f"{COLLECTION}:{range_id}", unit=actor.unit, quantity=told.quantity)

    def change(session: ClientSession) -> None:
        _end({"subject": subject_id, "quantity": told.quantity, "live": True}, actor, session)
        HealthRange._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        raise RangeBusy from None
    return made


def _check(told: Wanted) -> None:
    if told.low is None and told.high is None and told.scale is None:
        raise RangeWrong(why_zh="下限和上限至少填写一项,")
    low, high = codes.QUANTITIES[told.quantity].plausible
    if any(side is not None and not low <= side <= high for side in (told.low, told.high)):
        raise RangeWrong(why_zh="数值超出人体可能范围,")
    if told.low is not None and told.high is not None and told.low >= told.high:
        raise RangeWrong(why_zh="下限须小于上限,")
    if told.scale is not None and told.quantity != "oxygen_saturation":
        raise RangeWrong(why_zh="只有血氧饱和度可选择评分量表,")
    today = clock.today()
    most = int(parameters.value(MOST_DAYS, today))
    if not today <= told.until <= today + timedelta(days=most):
        raise RangeWrong(why_zh=f"有效期须从今天起不超过{most}天,")


def end(actor: Staff, subject_id: ObjectId, range_id: ObjectId) -> dict[str, Any]:
    """End a range before its last day; the same again changes nothing. Return it.

    Raises:
        NotFound: no such elder in the actor's reach, or no such range.
    """
    view.of_staff(actor, subject_id, OPERATION)
    line = entry.line(actor.key, "health.range_end", f"{COLLECTION}:{range_id}", unit=actor.unit)

    def change(session: ClientSession) -> None:
        if _end({"_id": range_id, "subject": subject_id, "live": True}, actor, session):
            entry.write(line, session)

    transactions.run(change)
    return documents.one(HealthRange, {"_id": range_id, "subject": subject_id})


def _end(guard: dict[str, Any], actor: Staff, session: ClientSession) -> int:
    change = {"$set": {"live": False, "ended_at": clock.now(), "ended_by": actor.key}}
    return HealthRange._get_collection().update_one(guard, change, session=session).modified_count


def counting(subject_id: ObjectId, day: date) -> dict[str, dict[str, Any]]:
    """Return the ranges of an elder that count on a day, by quantity, without their reasons."""
    query = {"subject": subject_id, "live": True, "until": {"$gte": day.isoformat()}}
    found = HealthRange._get_collection().find(query, {"reason": 0}).limit(MOST)
    return {one["quantity"]: one for one in found}


def listed(subject_id: ObjectId) -> list[dict[str, Any]]:
    """Return the ranges of an elder, those that stand first, then the ended ones, the newest first."""
    found = HealthRange._get_collection().find({"subject": subject_id})
    return list(found.sort([("live", -1), ("set_at", -1)]).limit(MOST))


def reason(found: dict[str, Any]) -> str:
    """Return why a range was set, opened."""
    return runtime.current().sealer.open(REASON, found["_id"], found["reason"])


def limits_zh(found: Mapping[str, Any]) -> str:
    """Return a range in words: 90至145, 不高于145, 不低于90."""
    if "low" in found and "high" in found:
        return f"{found['low']:g}至{found['high']:g}"
    return f"不高于{found['high']:g}" if "high" in found else f"不低于{found['low']:g}"
