"""The review (审核) of an application: one check for each point, each by a case of its own, side by side.

    open ──decided──▶ confirmed | refused          open ──new submission of this point──▶ overtaken
      ├──asked for more──▶ asked ──┘ (or resubmitted: overtaken)
      └──two persons disagree──▶ differs ──the manager's case──▶ confirmed | refused

The application's `points` say how each point stands; here is what it rests on, so that a resubmission checks anew only
what it changed, and what persons found out: facts for the rules, sealed. `open` marks reviews whose cases may run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, BooleanField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data, runtime
from backend.errors import NotFound
from backend.personal_data import Blind, Holding, Sealed
from models.rules import facts
from models.school import application

COLLECTION = "school_reviews"
PAPER, EMPLOYER = "school_reviews.papers", "school_reviews.employers"
STATE_ZH = {
    "open": "核验中",
    "asked": "待家长更正",
    "differs": "两人意见不一致,待裁定",
    "confirmed": "核实属实",
    "refused": "核实不属实",
    "overtaken": "已由新的提交取代",
}
RUNNING = ("open", "asked", "differs")
MOST_CHECKS = 60


class SchoolReview(Document):
    """The id is the application's. A check is {code, case, number, run, digest, state, outcome, by, at, told}.

    `run` counts submissions and reopenings, `sampled` says whether the application was drawn for two persons' review.
    `papers` and `employers` are blind: by them the same paper or employer of many families is noticed.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["checks.case"], "sparse": True},
            {"fields": ["open", "_id"], "partialFilterExpression": {"open": True}},
            {"fields": ["round", "papers"], "sparse": True},
            {"fields": ["round", "employers"], "sparse": True},
            {"fields": ["child"]},
            {"fields": ["guardian"]},
        ],
    }
    round = StringField(required=True)
    child = ObjectIdField(required=True)
    guardian = ObjectIdField(required=True)
    run = IntField(required=True)
    open = BooleanField()
    sampled = BooleanField()
    checks = ListField(DictField())
    reopened = ListField(DictField())
    papers = ListField(BinaryField())
    employers = ListField(BinaryField())


personal_data.declare(
    Holding(
        COLLECTION,
        "入学申请的审核",
        persons=("child", "guardian"),
        staff=("checks.by", "reopened.by"),
        sealed=(Sealed("checks.told", record="{_id}:{case}"), Sealed("reopened.reason", record="{_id}:{id}")),
        blind=(Blind("papers", PAPER), Blind("employers", EMPLOYER)),
        traces=("sampled",),
        level="matched",
        at_deletion="restrict",
        because="义务教育法、档案法: 招生审核材料须留存备查至申诉、复核期满",
    )
)


def begin_entry(application_id: ObjectId) -> dict[str, Any]:
    """Return what begins the review of an application after the write that carries it."""
    return outbox.entry("affairs", "school.review_begin", application=str(application_id))


def decide_entry(application_id: ObjectId) -> dict[str, Any]:
    """Return what decides an application whose points are settled, after the write that carries it."""
    return outbox.entry("affairs", "school.decide", application=str(application_id))


def run(found: Mapping[str, Any]) -> int:
    """Return the number of the submission or reopening that an application is at."""
    again = sum(one["what"] == "reopen" for one in found["history"])
    return int(found.get("submission", 0)) * 100 + again


def find(application_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any] | None:
    """Return the review of an application, None before it began."""
    return SchoolReview._get_collection().find_one({"_id": application_id}, session=session)


def of_case(case_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return the review that a case belongs to.

    Raises:
        NotFound: none.
    """
    found = SchoolReview._get_collection().find_one({"checks.case": case_id}, session=session)
    if found is None:
        raise NotFound
    return found


def check_of(found: Mapping[str, Any], case_id: ObjectId) -> dict[str, Any]:
    """Return the check that a case settles."""
    return next(one for one in found["checks"] if one["case"] == case_id)


def latest(found: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Return the last check of each point that nothing has overtaken."""
    checks = found["checks"] if found else []
    return {one["code"]: one for one in checks if one["state"] != "overtaken"}


def prepare(
    found: Mapping[str, Any], run: int, papers: Sequence[bytes] = (), employers: Sequence[bytes] = ()
) -> dict[str, Any]:
    """Note that a run of the review begins and return the review; again changes nothing."""
    told = {"run": run, "open": True, "papers": list(papers), "employers": list(employers)}
    first = {name: found[name] for name in ("round", "child", "guardian")} | {"checks": [], "reopened": []}
    made: dict[str, Any] = SchoolReview._get_collection().find_one_and_update(
        {"_id": found["_id"]},
        {"$set": told, "$setOnInsert": first},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return made


def add(application_id: ObjectId, check: Mapping[str, Any], session: ClientSession) -> None:
    """Add a check that begins."""
    pushed = {"checks": {"$each": [dict(check)], "$slice": -MOST_CHECKS}}
    SchoolReview._get_collection().update_one({"_id": application_id}, {"$push": pushed}, session=session)


def mark(
    application_id: ObjectId,
    case_id: ObjectId,
    state: str,
    session: ClientSession | None = None,
    *,
    told: Mapping[str, Any] | None = None,
    **more: Any,
) -> None:
    """Note how a check stands; `told` are facts for the rules, as JSON holds them."""
    change: dict[str, Any] = {"checks.$.state": state, "checks.$.at": clock.now()}
    change |= {f"checks.$.{name}": value for name, value in more.items()}
    if told is not None:
        text = orjson.dumps(dict(told)).decode()
        change["checks.$.told"] = runtime.current().sealer.seal(
            f"{COLLECTION}.checks.told", f"{application_id}:{case_id}", text
        )
    query = {"_id": application_id, "checks.case": case_id}
    SchoolReview._get_collection().update_one(query, {"$set": change}, session=session)


def carry(application_id: ObjectId, case_id: ObjectId, number: int, session: ClientSession) -> dict[str, Any]:
    """Let a check count for another run, and return the review as it is in this transaction."""
    found: dict[str, Any] = SchoolReview._get_collection().find_one_and_update(
        {"_id": application_id, "checks.case": case_id},
        {"$set": {"checks.$.carried": number}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    return found


def opened(found: Mapping[str, Any], check: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person found out in a check, as JSON holds it."""
    if not check.get("told"):
        return {}
    place, record = f"{COLLECTION}.checks.told", f"{found['_id']}:{check['case']}"
    return dict(orjson.loads(runtime.current().sealer.open(place, record, check["told"])))


def told(found: Mapping[str, Any] | None, points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what persons found out for the points that an application has: facts for the rules, and `district`."""
    codes = {one["code"] for one in points}
    given: dict[str, Any] = {}
    for code, check in latest(found).items():
        if found is not None and code in codes:
            given |= opened(found, check)
    return {name: facts.decode(value) for name, value in given.items()}


def over(application_id: ObjectId) -> None:
    """Note that no case of a review runs any more."""
    SchoolReview._get_collection().update_one({"_id": application_id, "open": True}, {"$unset": {"open": ""}})


def digest(application_id: ObjectId, content: Mapping[str, Any]) -> bytes:
    """Return a keyed digest of what a point rests on; without the key nobody learns the content by trying."""
    text = orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS, default=str).decode()
    return runtime.current().sealer.blind("school_reviews.digest", f"{application_id}:{text}")


def point(application_id: ObjectId, code: str, told: Mapping[str, Any], session: ClientSession, **more: Any) -> bool:
    """Change a point of an application within a transaction; return whether it has such a point.

    `more` is what else rides in the same write: `guard`, `line`, `follow`.
    """
    update: dict[str, Any] = {"$set": {f"points.$.{name}": value for name, value in told.items()}, "$inc": {"seq": 1}}
    update["$push"] = {"outbox": {"$each": [dict(one) for one in more.get("follow", ())]}}
    if line := more.get("line"):
        update["$push"]["history"] = {"$each": [dict(line)], "$slice": -application.HISTORY}
    guard = {"_id": application_id, "points": {"$elemMatch": {"code": code, **more.get("guard", {})}}}
    changed = application.SchoolApplication._get_collection().update_one(guard, update, session=session)
    return bool(changed.matched_count)
