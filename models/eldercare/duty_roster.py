"""The duty roster (值班表): who of the staff answers for a unit's elders and when, first or as backup.

A duty is put once for a member, a unit and its beginning; putting the same again changes nothing, so that a sheet may
be sent twice. Duties are called off, never erased.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, Document, ObjectIdField, StringField
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Unprocessable
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.audit import entry
from models.identity import roles, staff, unit
from models.identity.actors import Staff
from models.identity.staff import StaffMember

COLLECTION = "health_duties"
OPERATION = "health.roster"
LEVEL_ZH = {"first": "主班", "backup": "备班"}
LONGEST = timedelta(hours=72)
MOST = 200
MOST_LINES = 2000


class HealthDuty(Document):
    """The id reads unit, member and beginning. One that was called off is not `live`."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["unit", "until", "_id"]}, {"fields": ["staff", "until"]}],
    }
    id = StringField(primary_key=True)
    unit = StringField(required=True)
    staff = ObjectIdField(required=True)
    level = StringField(choices=tuple(LEVEL_ZH), required=True)
    begins = DateTimeField(required=True)
    until = DateTimeField(required=True)
    live = BooleanField(required=True)
    put_by = StringField(required=True)
    put_at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "健康值班表",
        staff=("staff",),
        at_deletion="keep",
        because="网络安全法第二十一条: 值班记录说明当时由谁处置",
    )
)


class DutyWrong(Unprocessable):
    """422: a line of the roster does not do; `fields` says which and why."""

    code = "health_duty_wrong"
    zh = "值班表有误,请按提示修改后整张重新提交。"
    en = "The roster has wrong lines. Correct those named and send all of it again."


@dataclass(frozen=True)
class Duty:
    """One line of a roster: the member by login, the level, from when to when."""

    login: str
    level: str
    begins: datetime
    until: datetime


def put(actor: Staff, unit_code: str, duties: Sequence[Duty]) -> int:
    """Put the lines of a roster, all or none; return how many are new or different.

    What stands already is left as it is, with who put it.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        UnitUnknown: there is no such unit.
        DutyWrong: a line does not do.
    """
    actor.require(OPERATION)
    known = members([one.login for one in duties])
    problems = ((n, problem(one, known, unit_code)) for n, one in enumerate(duties))
    if wrong := {f"duties.{n}": [told[1]] for n, told in problems if told}:
        raise DutyWrong(fields=wrong)
    now = clock.now()
    records = {one["_id"]: one for one in (_record(unit_code, one, known, actor, now) for one in duties)}

    def write(session: ClientSession) -> int:
        unit.hold({"unit": unit_code}, session)
        new = _new(records, session)
        line = entry.line(actor.key, "health_roster.put", f"unit:{unit_code}", unit=actor.unit, duties=len(new))
        staff.require_acting(actor, line, session)
        if new:
            updates = [UpdateOne({"_id": one["_id"]}, {"$set": one}, upsert=True) for one in new]
            HealthDuty._get_collection().bulk_write(updates, session=session)
            entry.write(line, session)
        return len(new)

    return transactions.run(write)


def _new(records: Mapping[str, dict[str, Any]], session: ClientSession) -> list[dict[str, Any]]:
    """Return the duties that do not stand like this already."""
    query = {"_id": {"$in": sorted(records)}}
    stored = {one["_id"]: one for one in HealthDuty._get_collection().find(query, session=session)}
    return [
        one
        for duty_id, one in records.items()
        if any(stored.get(duty_id, {}).get(name) != one[name] for name in ("level", "until", "live"))
    ]


def members(logins: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the accounts with these logins."""
    query = {"login": {"$in": sorted(set(logins))}}
    found = StaffMember._get_collection().find(query, {"login": 1, "state": 1, "assignments": 1})
    return {one["login"]: one for one in found}


def problem(one: Duty, known: Mapping[str, dict[str, Any]], unit_code: str) -> tuple[str, str] | None:
    """Return which part of a line is wrong and why, None when nothing is."""
    member = known.get(one.login)
    if member is None or member["state"] != "active":
        return "login", "没有这个在用账号,请核对账号名。"
    if not any(
        told.unit == unit_code and "health.alert" in roles.ROLES[told.role].operations
        for told in staff.assignments_of(member)
    ):
        return "login", "该账号在本单位没有健康提醒处置权限,请先分配角色。"
    if not timedelta() < one.until - one.begins <= LONGEST:
        return "until", "结束时间须晚于开始时间,且一次值班不超过 72 小时。"
    return None


def _record(
    unit_code: str, one: Duty, known: Mapping[str, dict[str, Any]], actor: Staff, now: datetime
) -> dict[str, Any]:
    member_id = known[one.login]["_id"]
    return {
        "_id": f"{unit_code}:{member_id}:{int(one.begins.timestamp())}",
        "unit": unit_code,
        "staff": member_id,
        "level": one.level,
        "begins": one.begins,
        "until": one.until,
        "live": True,
        "put_by": actor.key,
        "put_at": now,
    }


def call_off(actor: Staff, duty_id: str) -> dict[str, Any]:
    """Call off a duty and return it; again changes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: there is no such duty.
    """
    actor.require(OPERATION)
    found = documents.one(HealthDuty, {"_id": duty_id})
    line = entry.line(actor.key, "health_roster.call_off", f"health_duty:{duty_id}", unit=actor.unit)

    def write(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        guard = {"_id": duty_id, "live": True}
        if HealthDuty._get_collection().update_one(guard, {"$set": {"live": False}}, session=session).matched_count:
            entry.write(line, session)

    transactions.run(write)
    return found | {"live": False}


def on_duty(units: Sequence[str], at: datetime, *, level: str | None = None) -> list[ObjectId]:
    """Return the members who are on duty for some units at a moment, at one level or at any."""
    return sorted({one["staff"] for one in standing(units, at) if level in {None, one["level"]}})


def standing(units: Sequence[str], at: datetime) -> list[dict[str, Any]]:
    """Return the duties of some units at a moment, by their end."""
    query = {"unit": {"$in": list(units)}, "until": {"$gt": at, "$lte": at + LONGEST}, "begins": {"$lte": at}}
    found = HealthDuty._get_collection().find(query | {"live": True}) if units else None
    return list(found.sort([("until", 1), ("_id", 1)]).limit(MOST)) if found else []


def between(unit_code: str, begins: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return a unit's duties that touch a span, by their end."""
    query = {"unit": unit_code, "until": {"$gt": begins, "$lte": until + LONGEST}, "begins": {"$lt": until}}
    found = HealthDuty._get_collection().find(query | {"live": True})
    return list(found.sort([("until", 1), ("_id", 1)]).limit(MOST_LINES))


def coming(unit_code: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of a unit's duties that are not over, by their end."""
    query = {"unit": unit_code, "until": {"$gt": clock.now()}, "live": True}
    return paging.page(HealthDuty._get_collection(), query, sort=("until", 1), cursor=cursor, limit=limit)
