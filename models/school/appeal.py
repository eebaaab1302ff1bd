"""An appeal (申诉) of a family: against the refusal of its application, or against where the draw placed the child.

    open ──decide──▶ upheld | overturned | sent_back        open ──withdraw──▶ withdrawn

The case of `affairs` carries steps, clocks, words and files; this document says what it is about and how it ended, so
that a round can count its appeals and one matter is appealed once. Both change in one transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from models.affairs import clock as legal
from models.affairs import open_case
from models.affairs.case import Case
from models.affairs.open_case import Matter
from models.identity.actors import Resident
from models.school import appeal_kinds, offer_answer, placed
from models.school import round as rounds

COLLECTION = "school_appeals"
STATES = {
    "open": "办理中",
    "upheld": "维持原决定",
    "overturned": "申诉成立",
    "sent_back": "退回重新审核",
    "withdrawn": "已撤回",
}
WHAT_ZH = {"refusal": "审核不通过的决定", "result": "派位结果"}


class SchoolAppeal(Document):
    """`about_at` is when the decision or publication was made: of one moment a family appeals once.

    `school` is the choice that an appeal against a result is about, `not_by` are those who decided before.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["application", "what", "about_at"],
                "unique": True,
                "partialFilterExpression": {"counts": True},
            },
            {"fields": ["round", "state", "_id"]},
            {"fields": ["case"], "unique": True},
            {"fields": ["child"]},
            {"fields": ["guardian"]},
        ],
    }
    case = ObjectIdField(required=True)
    number = StringField(required=True)
    round = StringField(required=True)
    application = ObjectIdField(required=True)
    child = ObjectIdField(required=True)
    guardian = ObjectIdField(required=True)
    what = StringField(choices=tuple(WHAT_ZH), required=True)
    school = StringField()
    about_at = DateTimeField(required=True)
    counts = BooleanField()
    state = StringField(choices=tuple(STATES), required=True)
    not_by = ListField(StringField())
    opened_at = DateTimeField(required=True)
    settled_at = DateTimeField()
    outcome_school = StringField()


personal_data.declare(
    Holding(
        COLLECTION,
        "义务教育入学申诉",
        persons=("child", "guardian"),
        staff=("not_by",),
        traces=("what", "school", "state", "outcome_school"),
        level="matched",
        at_deletion="restrict",
        because="义务教育法、档案法: 申诉材料须留存备查",
    )
)


class NothingToAppeal(Conflict):
    """409: there is no refusal, or no published result."""

    code = "school_nothing_to_appeal"
    zh = "目前没有可以申诉的决定:对审核决定的申诉须在「审核不通过」后提出,对派位结果的申诉须在公布后提出。"
    en = "There is no decision to appeal against yet."


class AppealTimeOver(Conflict):
    """409: too late."""

    code = "school_appeal_over"
    zh = "申诉期已于 {until} 届满;您仍可依行政复议法自知道决定之日起六十日内申请行政复议。"
    en = "The time to appeal ended at {until}. Administrative reconsideration may still be open to you."


class AppealedBefore(Conflict):
    """409: this decision was appealed before."""

    code = "school_appealed_before"
    zh = "对该决定您已经申诉过(编号 {number}),请在「我的事项」中查看。"
    en = "You have appealed against this decision before, under the number {number}."


class SchoolNeeded(Unprocessable):
    """422: an appeal against a result names the choice that the child should have got."""

    code = "school_appeal_school"
    zh = "请说明您认为应当录取孩子的学校,须是申请中高于现有录取的志愿。"
    en = "Name the choice that you think should have admitted the child, above the place that it has."

    def __init__(self) -> None:
        super().__init__(fields={"school": [self.zh]})


def until(about_at: datetime) -> datetime:
    """Return the civil midnight until which a decision of that moment may be appealed."""
    return legal.to_working_day(legal.deadline(about_at, appeal_kinds.WITHIN))


def open_appeal(
    resident: Resident, application_id: ObjectId, what: str, text: str, *, school: str = "", files: Sequence[str] = ()
) -> dict[str, Any]:
    """Appeal for one's child and return the case.

    Raises:
        LevelNeeded: it is not sure who appeals.
        NotFound: not one's own application.
        NothingToAppeal: nothing was decided or published that concerns it.
        AppealTimeOver: too late.
        SchoolNeeded: an appeal against a result names no higher choice.
        AppealedBefore, AlreadyOpen: once is enough.
        BadAttachment: a file is not theirs.
    """
    application = offer_answer.own_application(resident, application_id)
    found_round = rounds.read(application["round"])
    about_at = _decided_at(application, found_round, what)
    _require_possible(application, found_round, what, school, about_at)
    made = _record(application, what, school, about_at, _deciders(application, found_round, what))
    once = f"school_appeal:{application_id}:{what}"
    about = {"appeal": made["_id"], "application": application_id, "round": application["round"], "what": what}
    matter = Matter(
        appeal_kinds.UNIT,
        text,
        about=about | ({"school": school} if school else {}),
        once=once,
        not_by=tuple(made["not_by"]),
        files=tuple(files),
    )

    def keep(session: ClientSession) -> None:
        case = Case._get_collection().find_one({"once": once}, {"number": 1}, session=session)
        assert case is not None
        told = {**made, "case": case["_id"], "number": case["number"]}
        SchoolAppeal._get_collection().insert_one(told, session=session)

    return open_case.open_case(open_case.by(resident), appeal_kinds.APPEAL, matter, within=keep)


def _decided_at(application: Mapping[str, Any], found_round: Mapping[str, Any], what: str) -> datetime:
    if what == "refusal" and application["state"] == "refused":
        return application.get("decided_at") or application["decision"]["at"]
    draw = placed.published(found_round)
    if what == "result" and draw and application["state"] == "qualified" and placed.one(draw, application["_id"]):
        return found_round["published_at"]
    raise NothingToAppeal


def _require_possible(
    application: Mapping[str, Any], found_round: Mapping[str, Any], what: str, school: str, about_at: datetime
) -> None:
    if clock.now() >= until(about_at):
        raise AppealTimeOver(until=rounds.wire(until(about_at)))
    if what == "result" and school not in _above(application, found_round):
        raise SchoolNeeded
    query = {"application": application["_id"], "what": what, "about_at": about_at, "counts": True}
    if known := SchoolAppeal._get_collection().find_one(query, {"number": 1}):
        raise AppealedBefore(number=known["number"])


def _above(application: Mapping[str, Any], found_round: Mapping[str, Any]) -> list[str]:
    draw = placed.published(found_round)
    row = placed.one(draw, application["_id"]) if draw else None
    best = row["rank"] if row and row.get("rank") else len(application["choices"]) + 1
    return list(application["choices"][: best - 1])


def _deciders(application: Mapping[str, Any], found_round: Mapping[str, Any], what: str) -> list[str]:
    """Return the staff who decided before: they do not look at the appeal."""
    lines = application["history"] if what == "refusal" else found_round["history"]
    keys = {str(line.get("by", "")) for line in lines} | {str((application.get("decision") or {}).get("by", ""))}
    cases = [one["case"] for one in application.get("points", []) if one.get("case")] if what == "refusal" else []
    for found in Case._get_collection().find({"_id": {"$in": cases}}, {"workers": 1}):
        keys |= set(found.get("workers", []))
    return sorted(key for key in keys if key.startswith("staff:"))


def _record(
    application: Mapping[str, Any], what: str, school: str, about_at: datetime, not_by: Sequence[str]
) -> dict[str, Any]:
    told = {
        "_id": ObjectId(),
        "round": application["round"],
        "application": application["_id"],
        "child": application["child"],
        "guardian": application["guardian"],
        "what": what,
        "about_at": about_at,
        "counts": True,
        "state": "open",
        "not_by": list(not_by),
        "opened_at": clock.now(),
    }
    return told | ({"school": school} if school else {})


def read(appeal_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return an appeal.

    Raises:
        NotFound: no such appeal.
    """
    found = SchoolAppeal._get_collection().find_one({"_id": appeal_id}, session=session)
    if found is None:
        raise NotFound
    return found


def end(appeal_id: ObjectId, state: str, session: ClientSession, *, school: str = "") -> None:
    """Note how an appeal ended; one that was taken back does not count."""
    told: dict[str, Any] = {"state": state, "settled_at": clock.now()} | ({"outcome_school": school} if school else {})
    update: dict[str, Any] = {"$set": told} | ({"$unset": {"counts": ""}} if state == "withdrawn" else {})
    SchoolAppeal._get_collection().update_one({"_id": appeal_id, "state": "open"}, update, session=session)


def of_application(application_id: ObjectId) -> list[dict[str, Any]]:
    """Return the appeals of an application that count, newest first."""
    query = {"application": application_id, "what": {"$in": list(WHAT_ZH)}, "counts": True}
    return sorted(SchoolAppeal._get_collection().find(query), key=lambda one: one["_id"], reverse=True)
