"""The yearly check of elders from 65 on (老年人年度健康体检): what was done, what is missing, what was abnormal.

One document for an elder and a year, opened by staff. Items that are measured fill themselves from observations of
those who are trusted with it; all others are noted by a person. An abnormal item that belongs to a managed illness has
the elder suspected of it. Which items there are is the version of the table that counts when the check is opened.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import BadInput, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.eldercare import observation, programme, record, subject, tool, view
from models.identity.actors import Staff

COLLECTION = "health_checks"
TOOL = "yearly_check"
OPERATION = "health.assess"
LEAST_TRUST = 3
"""What is measured by a professional or a checked device counts; wearables and the own word do not."""
MOST = 30
Fits = Callable[[Mapping[str, Any]], bool]


class HealthCheck(Document):
    """`items` holds what was done by item: {at, by, abnormal, about?}; `left` counts those that are missing."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["subject", "-year"], "unique": True},
            {"fields": ["year", "area", "left", "_id"]},
        ],
    }
    subject = ObjectIdField(required=True)
    year = IntField(required=True)
    area = StringField()
    tool_version = IntField(required=True)
    items = DictField()
    left = IntField(required=True)
    opened_at = DateTimeField(required=True)
    opened_by = StringField(required=True)
    changed_at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 年度体检完成情况",
        via=(("subject", subject.COLLECTION),),
        traces=("year", "items", "left"),
        level="verified",
        at_deletion="keep",
        because="国家基本公共卫生服务规范: 健康档案须留存;已删除与本人的对应,不再指向任何人",
    )
)


class TooYoung(Unprocessable):
    """422: the check is for elders."""

    code = "health_check_too_young"
    zh = "年度体检面向当年年满{age}岁的老人,请核对出生日期。"
    en = "The yearly check is for those who turn {age} this year or are older."


class ItemsWrong(BadInput):
    """400: the check has no such item, or the item fills itself; `fields` names each."""

    code = "health_check_items_wrong"
    zh = "体检项目有误,请按项目清单填写。"
    en = "The check does not have this item. Choose those of its list."


class YearWrong(Unprocessable):
    """422: only this year's and last year's check are written down."""

    code = "health_check_year_wrong"
    zh = "只能登记今年或去年的体检,请核对年份。"
    en = "Only this year's or last year's check can be entered."


@dataclass(frozen=True)
class Done:
    """An item that was done; `abnormal` as the doctor says."""

    item: str
    at: datetime
    abnormal: bool = False


def put(actor: Staff, subject_id: ObjectId, year: int, done: Iterable[Done]) -> dict[str, Any]:
    """Open the check of a year where there is none, and note what was done; return it.

    Raises:
        NotFound: no such elder in the actor's reach.
        TooYoung, YearWrong, ItemsWrong: see there.
    """
    reader = view.of_staff(actor, subject_id, OPERATION)
    if not clock.today().year - 1 <= year <= clock.today().year:
        raise YearWrong
    noted = list(done)
    check = open_check(reader.subject, year, by=actor.key)
    table = tool.read(TOOL, check["tool_version"])
    _require_items(table, year, noted)
    about = f"{COLLECTION}:{check['_id']}"
    line = entry.line(actor.key, "health.check", about, unit=actor.unit, year=year, items=len(noted))

    def change(session: ClientSession) -> dict[str, Any]:
        items = {one.item: {"at": one.at, "by": actor.key, "abnormal": one.abnormal} for one in noted}
        found = _fill(check, table, items, session)
        for one in noted:
            disease = table["content"]["plans"].get(one.item)
            if one.abnormal and disease:
                programme.suspected(
                    subject_id, disease, because="yearly_check", about=check["_id"], by=actor.key, session=session
                )
        entry.write(line, session)
        return found

    return transactions.run(change)


def _require_items(table: Mapping[str, Any], year: int, done: Iterable[Done]) -> None:
    known = {one["code"] for one in table["content"]["items"]}
    errors = {}
    for one in done:
        if one.item not in known:
            errors[f"items.{one.item[:40]}"] = ["体检没有这一项。"]
        elif clock.civil(one.at).year != year or one.at > clock.now():
            errors[f"items.{one.item}"] = ["检查时间须在该年度内,且不晚于现在。"]
    if errors:
        raise ItemsWrong(fields=errors)


def open_check(elder: Mapping[str, Any], year: int, *, by: str) -> dict[str, Any]:
    """Return the check of a year, opened with what was measured already where there was none; twice at once is one.

    Raises:
        TooYoung: the elder does not turn 65 in that year.
    """
    where = {"subject": elder["_id"], "year": year}
    if found := HealthCheck._get_collection().find_one(where):
        return found
    table = tool.in_force(TOOL, min(date(year, 12, 31), clock.today()))
    if year - elder.get("birth_year", 0) < table["content"]["least_age"]:
        raise TooYoung(age=table["content"]["least_age"])
    items, now = _measured_in(elder["_id"], year, table), clock.now()
    told = {
        "_id": ObjectId(),
        "area": elder.get("area", ""),
        "tool_version": table["version"],
        "items": items,
        "left": len(table["content"]["items"]) - len(items),
        "opened_at": now,
        "opened_by": by,
        "changed_at": now,
    }
    try:
        return dict(
            HealthCheck._get_collection().find_one_and_update(
                where, {"$setOnInsert": told}, upsert=True, return_document=ReturnDocument.AFTER
            )
        )
    except DuplicateKeyError:
        return documents.one(HealthCheck, where)


def _measured_in(subject_id: ObjectId, year: int, table: Mapping[str, Any]) -> dict[str, Any]:
    items = {}
    for one in table["content"]["items"]:
        for code in one.get("codes", ()):
            for found in observation.latest(subject_id, code, MOST, until=_end_of(year)):
                if _counts(found, year):
                    items[one["code"]] = _of_observation(found)
                    break
    done = {one["result"]["tool"]: one for one in record.listed(subject_id, "assessment", MOST) if _is_of(one, year)}
    for one in table["content"]["items"]:
        if one.get("assessment") in done:
            found = done[one["assessment"]]
            items[one["code"]] = {"at": found["at"], "by": found["source"].get("by", ""), "about": found["_id"]}
    return items


def _end_of(year: int) -> datetime:
    return clock.at(date(year + 1, 1, 1), 0).astimezone(UTC)


def _is_of(found: Mapping[str, Any], year: int) -> bool:
    return "tool" in found.get("result", {}) and clock.civil(found["at"]).year == year


def _counts(found: Mapping[str, Any], year: int) -> bool:
    return clock.civil(found["at"]).year == year and found["source"]["trust"] >= LEAST_TRUST


def _of_observation(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"at": found["at"], "by": found["source"].get("by", ""), "about": found["_id"]}


def measured(found: Mapping[str, Any]) -> None:
    """Fill the item that an observation is about in the check of its year, where one is open; it may run twice.

    One that was withdrawn no longer fills it.
    """
    year = clock.civil(found["at"]).year
    if HealthCheck._get_collection().find_one({"subject": found["subject"], "year": year}, {"_id": 1}) is None:
        return
    if found["state"] == "entered_in_error":
        transactions.run(lambda session: _unmark(found, year, session))
    elif _counts(found, year):
        transactions.run(
            lambda session: _mark(
                found["subject"],
                year,
                lambda one: found["code"] in one.get("codes", ()),
                _of_observation(found),
                session,
            )
        )


def assessed(document: Mapping[str, Any], session: ClientSession) -> None:
    """Fill the item that an assessment is about in the check of its year, where one is open."""
    told = {"at": document["at"], "by": document["source"].get("by", ""), "about": document["_id"]}
    code, year = document["result"]["tool"], clock.civil(document["at"]).year
    _mark(document["subject"], year, lambda one: one.get("assessment") == code, told, session)


def _mark(subject_id: ObjectId, year: int, fits: Fits, told: Mapping[str, Any], session: ClientSession) -> None:
    check = HealthCheck._get_collection().find_one({"subject": subject_id, "year": year}, session=session)
    if check is None:
        return
    table = tool.read(TOOL, check["tool_version"])
    items = {one["code"]: dict(told) for one in table["content"]["items"] if fits(one)}
    fresh = {code: one for code, one in items.items() if code not in check["items"]}
    if fresh:
        _fill(check, table, fresh, session)


def _unmark(found: Mapping[str, Any], year: int, session: ClientSession) -> None:
    check = HealthCheck._get_collection().find_one({"subject": found["subject"], "year": year}, session=session)
    for code, one in (check or {"items": {}})["items"].items():
        if one.get("about") == found["_id"]:
            change = {"$unset": {f"items.{code}": ""}, "$inc": {"left": 1}}
            HealthCheck._get_collection().update_one(
                {"subject": found["subject"], "year": year}, change, session=session
            )


def _fill(
    check: Mapping[str, Any], table: Mapping[str, Any], items: Mapping[str, Any], session: ClientSession
) -> dict[str, Any]:
    """Set items and how many are left, from what the store holds in this transaction."""
    collection, where = HealthCheck._get_collection(), {"_id": check["_id"]}
    told = {f"items.{code}": one for code, one in items.items()} | {"changed_at": clock.now()}
    found = collection.find_one_and_update(where, {"$set": told}, session=session, return_document=ReturnDocument.AFTER)
    assert found is not None, "checks are not deleted one by one"
    left = len({one["code"] for one in table["content"]["items"]} - found["items"].keys())
    collection.update_one(where, {"$set": {"left": left}}, session=session)
    return dict(found) | {"left": left}


def read(subject_id: ObjectId, year: int) -> dict[str, Any]:
    """Return the check of a year.

    Raises:
        NotFound: none was opened.
    """
    return documents.one(HealthCheck, {"subject": subject_id, "year": year})


def of_subject(subject_id: ObjectId) -> list[dict[str, Any]]:
    """Return the checks of an elder, the newest first."""
    found = HealthCheck._get_collection().find({"subject": subject_id})
    return list(found.sort("year", -1).limit(MOST))


def items_of(check: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every item of a check in the order of its table: done, abnormal or missing."""
    told = []
    for one in tool.read(TOOL, check["tool_version"])["content"]["items"]:
        done = check["items"].get(one["code"])
        state = "missing" if done is None else "abnormal" if done.get("abnormal") else "done"
        told.append({"item": one["code"], "item_zh": one["zh"], "group": one["group"], "state": state, "done": done})
    return told


def age() -> int:
    """Return the age in which the check is offered, by the table that counts today."""
    return int(tool.in_force(TOOL, clock.today())["content"]["least_age"])
