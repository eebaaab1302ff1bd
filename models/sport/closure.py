"""A closing of courts and pools for weather and the like: looked at first, done with a second tap (`close_venue`).

proposed ──confirm──▶ closed ──reopen──▶ reopened
    └── out of date after a quarter of an hour
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)

from backend import clock, personal_data
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents
from models.booking import close_many, slot
from models.identity.actors import Staff
from models.places import scope
from models.sport import venue

COLLECTION = "sport_closures"
REASONS = {
    "rain": "降雨",
    "storm": "雷电大风",
    "heat": "高温",
    "cold": "低温冰雪",
    "air": "空气污染",
    "water": "水质处理",
    "maintenance": "设备检修",
    "power": "停水停电",
    "event": "赛事活动",
}
LASTS = timedelta(minutes=15)
MOST_DAYS = 31
STATE_ZH = {"proposed": "待确认", "closed": "已关闭", "reopened": "已恢复"}


class SportClosure(Document):
    """`slots` are those that were affected when it was looked at; `figures` what that meant then."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["place", "-_id"]}],
    }
    place = StringField(required=True)
    resources = ListField(StringField())
    outdoor = BooleanField()
    from_day = StringField(required=True)
    to_day = StringField(required=True)
    start = IntField(required=True)
    end = IntField(required=True)
    reason = StringField(choices=tuple(REASONS), required=True)
    slots = ListField(StringField())
    figures = DictField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    job = ObjectIdField()
    by = ObjectIdField(required=True)
    at = DateTimeField(required=True)
    confirmed_by = ObjectIdField()
    confirmed_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "场馆关闭记录",
        staff=("by", "confirmed_by"),
        at_deletion="keep",
        because="场馆停用和批量退款的处置记录; 只记工作人员编号",
    )
)


class SpanWrong(Unprocessable):
    """422: the days or hours are none, past, or too many."""

    code = "closure_span_wrong"
    zh = "关闭时间有误:不能早于今天,结束不早于开始,一次最多 31 天。"
    en = "The span is past, empty or longer than 31 days."

    def __init__(self, field: str) -> None:
        super().__init__(fields={field: [self.zh]})


class NothingToClose(Unprocessable):
    """422: nothing is let in that span."""

    code = "closure_nothing"
    zh = "所选场地在这段时间没有可关闭的时段,请核对场地、日期和时间。"
    en = "Nothing is let there in that span. Check courts, days and hours."


class TooMuchAtOnce(Unprocessable):
    """422: more slots than one closing takes."""

    code = "closure_too_large"
    zh = "一次最多关闭 {most} 个时段,请缩短日期或减少场地后分次办理。"
    en = "At most {most} slots at once. Choose fewer days or courts."


class ProposalOld(Conflict):
    """409: it was looked at too long ago."""

    code = "closure_proposal_old"
    zh = "预览已超过 15 分钟,请重新预览受影响的预订后再确认。"
    en = "The preview is older than 15 minutes. Look again before confirming."


class NotClosed(Conflict):
    """409: there is nothing to reopen."""

    code = "closure_not_closed"
    zh = "该关闭尚未确认或已恢复,无需再次恢复。"
    en = "This closing was not confirmed, or was reopened before."


@dataclass(frozen=True)
class Span:
    """What is to be closed: some resources of a venue, all of them, or those in the open air; days and hours of day."""

    from_day: date
    to_day: date
    start: int = 0
    end: int = 24 * 60
    resources: Sequence[str] = ()
    outdoor: bool = False


def propose(actor: Staff, place_id: str, span: Span, *, reason: str) -> dict[str, Any]:
    """Look at what a closing would mean and return it with its figures; nothing is closed yet.

    Raises:
        NotFound: no such venue or resource in the actor's scope.
        SpanWrong, NothingToClose, TooMuchAtOnce: there is nothing that can be closed so.
    """
    scope.place(actor, "slot.close", place_id)
    venue.read(place_id)
    _require_span(span)
    codes = _codes(place_id, span)
    found = _slots(place_id, codes, span)
    if not found:
        raise NothingToClose
    if len(found) > close_many.MOST_SLOTS:
        raise TooMuchAtOnce(most=close_many.MOST_SLOTS)
    ids = [one["_id"] for one in found]
    record = {
        "_id": ObjectId(),
        "place": place_id,
        "resources": codes,
        "outdoor": span.outdoor,
        "from_day": span.from_day.isoformat(),
        "to_day": span.to_day.isoformat(),
        "start": span.start,
        "end": span.end,
        "reason": reason,
        "slots": ids,
        "figures": figures(ids),
        "state": "proposed",
        "by": actor.staff_id,
        "at": clock.now(),
    }
    SportClosure._get_collection().insert_one(record)
    return record


def _require_span(span: Span) -> None:
    if span.from_day < clock.today():
        raise SpanWrong("from_day")
    if not 0 <= (span.to_day - span.from_day).days < MOST_DAYS:
        raise SpanWrong("to_day")
    if span.end <= span.start:
        raise SpanWrong("end")


def _codes(place_id: str, span: Span) -> list[str]:
    """Return the resources meant; the place as a whole is one of them where everything is."""
    known = {one["code"]: one for one in venue.resources(place_id)}
    if unknown := [code for code in span.resources if code not in known]:
        raise NotFound(fields={"resources": [f"没有场地 {unknown[0]}。"]})
    chosen = [code for code in known if not span.resources or code in span.resources]
    if span.outdoor:
        return [code for code in chosen if venue.terms_of(known[code]).outdoor]
    return chosen if span.resources else [slot.WHOLE, *chosen]


def _slots(place_id: str, codes: list[str], span: Span) -> list[dict[str, Any]]:
    """Return the slots that lie at least partly in the span and have not ended."""
    days = {"$gte": span.from_day.isoformat(), "$lte": span.to_day.isoformat()}
    query = {"place": place_id, "resource": {"$in": codes}, "day": days, "kind": {"$ne": "day"}}
    hours = {"start": {"$lt": span.end}, "end": {"$gt": span.start}}
    rows = slot.Slot._get_collection().find({**query, **hours}, {"day": 1, "end": 1}).limit(close_many.MOST_SLOTS + 1)
    return [one for one in rows if clock.at(clock.date_of(one["day"]), one["end"]) > clock.now()]


def figures(slot_ids: list[str]) -> dict[str, int]:
    """Return how many slots, orders, people and 分 that were paid a closing is about."""
    found = close_many.affected(slot_ids)
    return {"slots": found.slots, "orders": found.orders, "people": found.visitors, "refund_fen": found.fen}


def read(closure_id: ObjectId) -> dict[str, Any]:
    """Return a closing.

    Raises:
        NotFound: no such closing.
    """
    return documents.one(SportClosure, {"_id": closure_id})


def reached(actor: Staff, operation: str, closure_id: ObjectId) -> tuple[dict[str, Any], str]:
    """Return a closing that an operation of the actor reaches, and the unit of its venue.

    Raises:
        NotFound: no such closing in the actor's scope.
    """
    actor.require(operation)
    found = read(closure_id)
    return found, str(scope.place(actor, operation, found["place"]).get("unit") or "")
