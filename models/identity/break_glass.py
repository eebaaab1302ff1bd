"""Breaking the glass: in an emergency a member opens a record that is closed to them, at once and for an hour.

    open ──review by a privacy officer, within three working days──▶ reviewed
      └──────── not reviewed in time: an alarm every day ──────────────▲

What it opens for reading: one person's records although they are a child, or one order although it lies outside of the
member's units. Whoever opens it says why, an alarm counts it, and it lies on the officers' list until one has judged.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession

from backend import clock, metrics, outbox, personal_data, runtime
from backend.calendar import CalendarYearMissing
from backend.calendar_years import calendar
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from models.audit import entry
from models.identity import person, staff
from models.identity.actors import Staff

log = structlog.get_logger()

COLLECTION = "break_glass"
LASTS = timedelta(hours=1)
REVIEW_WORKDAYS = 3
REMIND_SECONDS = 24 * 3600.0
EMERGENCIES = {"life_safety": "危及生命健康", "lost_person": "人员走失", "property": "重大财产损失"}
outbox.carried_by(COLLECTION)


class BreakGlass(Document):
    """About a `person` or an `order`; `overdue_at` is when nobody had reviewed it in time."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["opened_by", "until"]},
            {"fields": ["state", "-_id"]},
            {"fields": ["person"], "sparse": True},
            outbox.INDEX,
        ],
    }
    state = StringField(choices=("open", "reviewed"), required=True)
    emergency = StringField(choices=tuple(EMERGENCIES), required=True)
    person = ObjectIdField()
    order = ObjectIdField()
    unit = StringField()
    reason = BinaryField(required=True)
    opened_by = ObjectIdField(required=True)
    opened_at = DateTimeField(required=True)
    until = DateTimeField(required=True)
    review_by = DateTimeField(required=True)
    overdue_at = DateTimeField()
    reviewed_by = ObjectIdField()
    reviewed_at = DateTimeField()
    justified = BooleanField()
    note = BinaryField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "紧急查看记录",
        persons=("person",),
        staff=("opened_by", "reviewed_by"),
        sealed=(Sealed("reason"), Sealed("note")),
        at_deletion="restrict",
        because="个人信息保护法第五十五条、第五十六条: 处理情况记录至少保存三年",
    )
)


class AlreadyReviewed(Conflict):
    """409: it was judged before."""

    code = "break_glass_reviewed"
    zh = "这条紧急查看记录已复核,请刷新。"
    en = "This was reviewed already. Refresh."


class OwnBreakGlass(Conflict):
    """409: nobody judges what they opened themselves."""

    code = "own_break_glass"
    zh = "不能复核自己的紧急查看,请由另一位个人信息保护负责人办理。"
    en = "You cannot review what you opened yourself."


def open_person(actor: Staff, person_id: ObjectId, *, emergency: str, reason: str) -> dict[str, Any]:
    """Open a person's records for an hour.

    Raises:
        NotFound: no such person.
    """
    actor.require("break_glass.open")
    person.read(person_id)
    return _open(actor, f"person:{person_id}", emergency, reason, person=person_id)


def open_order(actor: Staff, order_id: ObjectId, *, emergency: str, reason: str) -> dict[str, Any]:
    """Open an order for an hour, wherever it lies; whether there is one shows when it is read."""
    actor.require("break_glass.open")
    return _open(actor, f"order:{order_id}", emergency, reason, order=order_id)


def _open(actor: Staff, about: str, emergency: str, reason: str, **subject: ObjectId) -> dict[str, Any]:
    glass_id, now = ObjectId(), clock.now()
    due = _review_by(now)
    record = {
        "_id": glass_id,
        "state": "open",
        "emergency": emergency,
        **subject,
        "unit": actor.unit,
        "reason": runtime.current().sealer.seal("break_glass.reason", glass_id, reason),
        "opened_by": actor.staff_id,
        "opened_at": now,
        "until": now + LASTS,
        "review_by": due,
        "outbox": [outbox.entry("trust", "staff.break_glass_overdue", due=due, glass=str(glass_id))],
    }
    told = {"subject": about, "emergency": emergency}
    line = entry.line(actor.key, "break_glass.open", f"break_glass:{glass_id}", unit=actor.unit, **told)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        BreakGlass._get_collection().insert_one(record, session=session)
        entry.write(line, session)

    transactions.run(change)
    metrics.ALARMS.labels("break_glass_opened").inc()
    log.warning("break_glass_opened", glass=str(glass_id), actor=actor.key)
    return record


def _review_by(now: datetime) -> datetime:
    """Return the end of the third working day after today; where a year is not imported, Monday to Friday count."""
    day, left, days = clock.civil(now).date(), REVIEW_WORKDAYS, calendar()
    while left:
        day += timedelta(days=1)
        try:
            left -= days.is_workday(day)
        except CalendarYearMissing:
            left -= day.isoweekday() <= 5  # noqa: PLR2004 - Friday
    return clock.at(day, 24 * 60)


def persons_open(actor: Staff, person_ids: Iterable[ObjectId]) -> set[ObjectId]:
    """Return those of the persons whom the actor has opened and may still see."""
    query = {"opened_by": actor.staff_id, "until": {"$gt": clock.now()}, "person": {"$in": sorted(person_ids)}}
    return {one["person"] for one in BreakGlass._get_collection().find(query, {"person": 1})}


def person_open(actor: Staff, person_id: ObjectId) -> ObjectId | None:
    """Return the broken glass by which the actor may see a person's records now, None without one."""
    query = {"opened_by": actor.staff_id, "until": {"$gt": clock.now()}, "person": person_id}
    found = BreakGlass._get_collection().find_one(query, {"_id": 1})
    return found["_id"] if found else None


def order_open(actor: Staff, order_id: ObjectId) -> ObjectId | None:
    """Return the broken glass by which the actor may read an order now, None without one."""
    query = {"opened_by": actor.staff_id, "until": {"$gt": clock.now()}, "order": order_id}
    found = BreakGlass._get_collection().find_one(query, {"_id": 1})
    return found["_id"] if found else None


def read(glass_id: ObjectId) -> dict[str, Any]:
    """Return a broken glass.

    Raises:
        NotFound: no such one.
    """
    return documents.one(BreakGlass, {"_id": glass_id})


def review(actor: Staff, glass_id: ObjectId, *, justified: bool, note: str) -> dict[str, Any]:
    """Judge a broken glass, once; what was not justified is an alarm, and shows nothing more. Return it.

    Raises:
        NotFound: no such one.
        OwnBreakGlass: the actor opened it.
        AlreadyReviewed: it was judged before.
    """
    actor.require("break_glass.review")
    found, now = read(glass_id), clock.now()
    if found["opened_by"] == actor.staff_id:
        raise OwnBreakGlass
    told = {"state": "reviewed", "reviewed_by": actor.staff_id, "reviewed_at": now, "justified": justified}
    sealed = {"note": runtime.current().sealer.seal("break_glass.note", glass_id, note)}
    about = f"break_glass:{glass_id}"
    line = entry.line(actor.key, "break_glass.review", about, unit=actor.unit, justified=justified)
    guard = {"_id": glass_id, "state": "open", "opened_by": {"$ne": actor.staff_id}}

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        done: dict[str, Any] = {"$set": {**told, **sealed, "outbox": []}}
        done |= {} if justified else {"$min": {"until": now}}
        if not BreakGlass._get_collection().update_one(guard, done, session=session).matched_count:
            raise AlreadyReviewed
        entry.write(line, session)

    transactions.run(change)
    if not justified:
        metrics.ALARMS.labels("break_glass_unjustified").inc()
    return read(glass_id)


def overdue(glass_id: ObjectId) -> None:
    """Raise the alarm about a broken glass that nobody has reviewed in time.

    Raises:
        outbox.Later: it is still not reviewed; ask again tomorrow.
    """
    guard = {"_id": glass_id, "state": "open"}
    change = [{"$set": {"overdue_at": {"$ifNull": ["$overdue_at", clock.now()]}}}]
    if BreakGlass._get_collection().update_one(guard, change).matched_count:
        metrics.ALARMS.labels("break_glass_unreviewed").inc()
        log.error("break_glass_unreviewed", glass=str(glass_id))
        raise outbox.Later(REMIND_SECONDS)
