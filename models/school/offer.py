"""An offer (录取): a place in one school for one child, waiting for the family's answer or answered.

    offered ──accept──▶ accepted ──enrol (报到)──▶ enrolled
       │                   │
       ├──decline──────────┴──▶ declined
       ├──no answer by `respond_by`──▶ lapsed
       └──a higher choice, another school or a withdrawal──▶ released   (from accepted as well)

While an offer stands (`open`) its place is taken: taking and giving back ride on the same transaction as the offer's
own move. One offer of an application is its `live` one, the place that the family has so far; a further one that stands
beside it is for a higher choice, and to accept that releases the lower one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
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
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding
from models.affairs import clock as legal
from models.affairs.kind import Limit
from models.school import seats
from models.school.application import SchoolApplication

COLLECTION = "school_offers"
outbox.carried_by(COLLECTION)
STATES = {
    "offered": "待确认",
    "accepted": "已确认",
    "enrolled": "已报到",
    "declined": "已放弃",
    "lapsed": "逾期未确认",
    "released": "已让出",
}
KINDS = {
    "drawn": "派位录取",
    "coordinated": "统筹安排",
    "waiting": "候补录取",
    "appeal": "申诉后录取",
    "transfer": "转校安排",
}
STANDING = ("offered", "accepted", "enrolled")
HELD = ("accepted", "enrolled")
FAMILY = "family"
"""How the history names whoever answered for the child: it is always the guardian of the application."""
UNRANKED = 99
"""A place that is none of the family's choices stands below all of them."""
REMIND = timedelta(days=1)
HISTORY = 30
_STANDS = {"open": True}


class SchoolOffer(Document):
    """`rank` is which choice of the family the school is, 0 where it is none. `source` names the result it came from.

    `over` marks a place above the plan that an appeal brought. `number` is that of the admission notice.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["application", "school"], "unique": True, "partialFilterExpression": _STANDS, "name": "open"},
            {"fields": ["application"], "unique": True, "partialFilterExpression": {"live": True}, "name": "live"},
            {"fields": ["application", "-_id"]},
            {"fields": ["source"], "unique": True, "sparse": True},
            {"fields": ["number"], "unique": True, "sparse": True},
            {"fields": ["round", "school", "state", "_id"]},
            {"fields": ["round", "state", "kind"]},
            {"fields": ["round", "_id"]},
            {"fields": ["child", "-_id"]},
            {"fields": ["guardian", "-_id"]},
            outbox.INDEX,
        ],
    }
    round = StringField(required=True)
    application = ObjectIdField(required=True)
    child = ObjectIdField(required=True)
    guardian = ObjectIdField(required=True)
    school = StringField(required=True)
    rank = IntField(required=True)
    tier = IntField()
    priority = IntField()
    kind = StringField(choices=tuple(KINDS), required=True)
    state = StringField(choices=tuple(STATES), required=True)
    open = BooleanField()
    live = BooleanField()
    over = BooleanField()
    source = StringField()
    offered_at = DateTimeField(required=True)
    respond_by = DateTimeField(required=True)
    answered_at = DateTimeField()
    ended_at = DateTimeField()
    number = StringField()
    history = ListField(DictField())
    case = StringField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "义务教育录取",
        persons=("child", "guardian"),
        staff=("history.by",),
        traces=("school", "kind", "state", "rank", "tier", "priority"),
        level="matched",
        at_deletion="restrict",
        because="义务教育法、档案法: 录取结果须留存备查",
    )
)


class OfferOver(Conflict):
    """409: the offer does not stand any more."""

    code = "school_offer_over"
    zh = "该录取目前为「{state_zh}」,不能再办理;请刷新后查看,如有疑问请联系县教育行政部门。"
    en = "This offer is {state} and cannot be answered any more. Refresh and look again."

    def __init__(self, found: Mapping[str, Any]) -> None:
        late = found["state"] == "offered" and found["respond_by"] <= clock.now()
        state = "lapsed" if late else found["state"]
        super().__init__(state=state, state_zh=STATES[state])


class NotPlaceable(Conflict):
    """409: the application was withdrawn or is being reviewed."""

    code = "school_not_placeable"
    zh = "该申请目前不在「审核通过」状态,不能办理录取事项;请刷新后查看申请进度。"
    en = "The application is not qualified at this moment. Refresh and look at how it stands."


def respond_by(found_round: Mapping[str, Any], now: datetime) -> datetime:
    """Return the civil midnight until which an offer of this moment waits for an answer."""
    return legal.deadline(now, Limit(found_round["accept_days"], "calendar"))


def record(
    found_round: Mapping[str, Any],
    application: Mapping[str, Any],
    school: str,
    kind: str,
    *,
    now: datetime,
    by: str = "system:school",
    **more: Any,
) -> dict[str, Any]:
    """Return an offer that waits for an answer, not stored yet, with the entries that tell, remind and end it."""
    offer_id, until = ObjectId(), respond_by(found_round, now)
    choices = application["choices"]
    told = {
        "_id": offer_id,
        "round": found_round["_id"],
        "application": application["_id"],
        "child": application["child"],
        "guardian": application["guardian"],
        "school": school,
        "rank": choices.index(school) + 1 if school in choices else 0,
        "kind": kind,
        "state": "offered",
        "open": True,
        "offered_at": now,
        "respond_by": until,
        "history": [event("offered", by, now)],
        "outbox": _clocks(offer_id, now, until),
    }
    known = {"tier": application.get("tier"), "priority": application.get("priorities", {}).get(school)}
    return told | {name: value for name, value in known.items() if value is not None} | more


def _clocks(offer_id: ObjectId, now: datetime, until: datetime) -> list[dict[str, Any]]:
    entries = [
        telling(offer_id, "offered"),
        outbox.entry("affairs", "school.lapse_offer", due=until, offer=str(offer_id)),
    ]
    if until - REMIND > now:
        entries.append(telling(offer_id, "reminder", due=until - REMIND))
    return entries


def telling(offer_id: ObjectId, news: str, due: datetime | None = None) -> dict[str, Any]:
    """Return the entry that tells the family something about an offer."""
    return outbox.entry("affairs", "school.tell_offer", due=due, offer=str(offer_id), news=news)


def event(what: str, by: str, at: datetime, **told: Any) -> dict[str, Any]:
    """Return one line of an offer's history: ids, codes and numbers only."""
    return {"at": at, "what": what, "by": by, **told}


def read(offer_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return an offer.

    Raises:
        NotFound: no such offer.
    """
    found = SchoolOffer._get_collection().find_one({"_id": offer_id}, {"outbox": 0}, session=session)
    if found is None:
        raise NotFound
    return found


def of_application(application_id: ObjectId, session: ClientSession | None = None) -> list[dict[str, Any]]:
    """Return all offers of an application, newest first: a few."""
    found = SchoolOffer._get_collection().find({"application": application_id}, {"outbox": 0}, session=session)
    return list(found.sort("_id", -1).limit(100))


def of_applications(application_ids: Sequence[ObjectId]) -> dict[ObjectId, list[dict[str, Any]]]:
    """Return the offers of several applications, by application."""
    wanted = {"application": 1, "school": 1, "rank": 1, "state": 1, "open": 1, "live": 1, "kind": 1}
    told: dict[ObjectId, list[dict[str, Any]]] = {}
    for found in SchoolOffer._get_collection().find({"application": {"$in": sorted(application_ids)}}, wanted):
        told.setdefault(found["application"], []).append(found)
    return told


def place_of(found: Mapping[str, Any]) -> int:
    """Return how high an offer stands among the family's choices: 1 is the first."""
    return int(found["rank"]) or UNRANKED


def hold(application_id: ObjectId, session: ClientSession) -> None:
    """Let changes of one application's offers follow each other: all of them write here first.

    Raises:
        NotPlaceable: the application is not qualified.
    """
    guard = {"_id": application_id, "state": "qualified"}
    update = {"$inc": {"offer_turns": 1}}
    if not SchoolApplication._get_collection().update_one(guard, update, session=session).matched_count:
        raise NotPlaceable


def add(made: Mapping[str, Any], session: ClientSession) -> dict[str, Any]:
    """Store an offer whose place was taken; it is the live one where the application has none."""
    others = of_application(made["application"], session)
    live = {} if any(one.get("live") for one in others) else {"live": True}
    told = {**made, **live}
    SchoolOffer._get_collection().insert_one(told, session=session)
    return told


def move(
    offer_id: ObjectId,
    guard: Mapping[str, Any],
    told: Mapping[str, Any],
    *,
    line: Mapping[str, Any],
    session: ClientSession,
    unset: Sequence[str] = (),
    follow: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any] | None:
    """Change an offer where `guard` holds and return it, None where it does not."""
    update: dict[str, Any] = {
        "$set": dict(told),
        "$push": {
            "history": {"$each": [dict(line)], "$slice": -HISTORY},
            "outbox": {"$each": [dict(one) for one in follow]},
        },
    }
    if unset:
        update["$unset"] = dict.fromkeys(unset, "")
    return SchoolOffer._get_collection().find_one_and_update(
        {"_id": offer_id, **guard},
        update,
        projection={"outbox": 0},
        return_document=ReturnDocument.AFTER,
        session=session,
    )


def end(
    found: Mapping[str, Any],
    state: str,
    *,
    by: str,
    at: datetime,
    session: ClientSession,
    guard: Mapping[str, Any] | None = None,
    follow: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any] | None:
    """End a standing offer and give its place back, once; None where it does not stand as `guard` says.

    The entry that offers the place to who waits goes with it.
    """
    ended = move(
        found["_id"],
        {"open": True, "state": {"$in": ["offered", "accepted"]}, **(guard or {})},
        {"state": state, "ended_at": at},
        line=event(state, by, at),
        unset=("open", "live"),
        follow=[*follow, seats.refill_entry(found["round"], found["school"])],
        session=session,
    )
    if ended is not None:
        seats.give_back(ended, session)
    return ended
