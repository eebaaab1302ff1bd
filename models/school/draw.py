"""A draw (派位) of a round: the frozen list and rules, the announced source of the seed, the seed, and what came out.

    frozen ──seed──▶ seeded ──compute──▶ computed ──publish──▶ published
       └──thaw──▶ cancelled (only before the moment of the seed; the digests stay published)

A round has one live draw at most. `salt` keys the pseudonyms of this draw and lies sealed. `proposal` is what waits for
a second person (`draw_proposal.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    StringField,
)
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents
from models.audit import entry
from models.identity import moving
from models.identity.actors import Staff

COLLECTION = "school_draws"
outbox.carried_by(COLLECTION)
STATES = {
    "frozen": "名单已封存,等待种子",
    "seeded": "种子已确认,正在派位",
    "computed": "已派位,待公布",
    "published": "已公布",
    "cancelled": "已作废",
}
MECHANISM_ZH = {"deferred_acceptance": "延迟接受(稳定匹配)", "immediate_acceptance": "志愿优先"}
MOST = 50
HISTORY = 100


class SchoolDraw(Document):
    """`files` are what was stored of it: name, id of the bytes, size, digest.

    `extra` is by school how many children come with their twin beyond the seats. `checks` are the recomputations: when,
    and whether all bytes were the same. `list_until` ends the list of names.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["round"], "unique": True, "partialFilterExpression": {"live": True}},
            {"fields": ["round", "-_id"]},
            outbox.INDEX,
        ],
    }
    round = StringField(required=True)
    live = BooleanField()
    state = StringField(choices=tuple(STATES), required=True)
    mechanism = StringField(choices=tuple(MECHANISM_ZH), required=True)
    seed_source = DictField(required=True)
    salt = BinaryField(required=True)
    applicants = IntField(required=True)
    file_ids = DictField(required=True)
    files = ListField(DictField())
    seed = StringField()
    signature = StringField()
    proposal = DictField()
    measures = DictField()
    extra = DictField()
    checks = ListField(DictField())
    list_until = DateTimeField()
    frozen_at = DateTimeField(required=True)
    seeded_at = DateTimeField()
    computed_at = DateTimeField()
    published_at = DateTimeField()
    cancelled_at = DateTimeField()
    history = ListField(DictField())
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "入学派位",
        staff=("history.by",),
        sealed=(Sealed("salt", secret=True),),
        at_deletion="keep",
        because="义务教育法: 派位的名单摘要、规则、种子和结果须公开备查,其中只有派位编号,不含姓名",
    )
)


class DrawMoved(Conflict):
    """409: the draw is not where this can be done, or something about it waits for a second person."""

    code = "school_draw_moved"
    zh = "派位目前为「{state_zh}」{waiting},不能进行此操作;请刷新后按当前环节办理。"
    en = "The draw is in the state {state}, or a proposal about it is waiting. Refresh and look again."

    def __init__(self, found: Mapping[str, Any]) -> None:
        waiting = ",且有一项申请等待另一人审批" if found.get("proposal") else ""
        super().__init__(state=found["state"], state_zh=STATES[found["state"]], waiting=waiting)


def read(draw_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a draw.

    Raises:
        NotFound: no such draw.
    """
    return documents.one(SchoolDraw, {"_id": draw_id}, {"outbox": 0}, session=session)


def live(round_code: str) -> dict[str, Any]:
    """Return the draw of a round that was not cancelled.

    Raises:
        NotFound: it has none.
    """
    return documents.one(SchoolDraw, {"round": round_code, "live": True}, {"outbox": 0})


def of_round(round_code: str) -> list[dict[str, Any]]:
    """Return all draws of a round, the latest first, the cancelled ones too."""
    query = {"round": round_code}
    return list(SchoolDraw._get_collection().find(query, {"outbox": 0}).sort("_id", -1).limit(MOST))


def published(round_found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the draw that a round points to, None before its publication: the one question that every reader asks."""
    return read(round_found["draw"]) if round_found.get("draw") else None


def file(found: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return the record of a stored file of a draw, None before there is one."""
    return next((one for one in found.get("files", []) if one["name"] == name), None)


def event(what: str, by: str) -> dict[str, Any]:
    """Return one line of a draw's history."""
    return {"at": clock.now(), "what": what, "by": by}


def move(
    found: Mapping[str, Any],
    states: Sequence[str],
    what: str,
    told: Mapping[str, Any],
    *,
    by: Staff | str = "system:school",
    unit: str = "",
    unset: Sequence[str] = (),
    push: Mapping[str, Any] | None = None,
    follow: Sequence[Mapping[str, Any]] = (),
    guard: Mapping[str, Any] | None = None,
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Change a draw that is in one of `states`, with its audit entry, and return it.

    Raises:
        DrawMoved: it is elsewhere, or `guard` does not hold.
    """
    key, about = (by.key, by.unit) if isinstance(by, Staff) else (by, unit)
    update: dict[str, Any] = {
        "$set": dict(told),
        "$push": {"history": {"$each": [event(what, key)], "$slice": -HISTORY}},
    }
    update["$push"] |= {"outbox": {"$each": [dict(one) for one in follow]}, **(push or {})}
    if unset:
        update["$unset"] = dict.fromkeys(unset, "")
    line = entry.line(key, f"school_draw.{what}", f"school_draw:{found['_id']}", unit=about, round=found["round"])
    query = {"_id": found["_id"], "state": {"$in": list(states)}, **(guard or {})}
    moved = moving.move(SchoolDraw, query, update, line, by, session=session)
    if moved is None:
        raise DrawMoved(read(found["_id"], session))
    return moved


def insert(made: Mapping[str, Any], session: ClientSession) -> None:
    """Store a new draw inside the transaction that freezes its round."""
    SchoolDraw._get_collection().insert_one(dict(made), session=session)


def seeds_proposed(found: Mapping[str, Any]) -> int:
    """Return how often a seed was proposed, confirmed or not: everybody may know whether there was more than one."""
    return sum(line["what"] == "seed_propose" for line in found.get("history", []))


def note_check(draw_id: ObjectId, *, same: bool) -> None:
    """Note that a draw was computed again, and whether every byte was the same."""
    line = {"at": clock.now(), "same": same}
    change = {"$push": {"checks": {"$each": [line], "$slice": -HISTORY}}}
    SchoolDraw._get_collection().update_one({"_id": draw_id}, change)


def follow(draw_id: ObjectId, states: Sequence[str], entry_told: Mapping[str, Any]) -> bool:
    """Add an outbox entry to a draw that is in one of `states`, and tell whether it is."""
    change = {"$push": {"outbox": dict(entry_told)}}
    query = {"_id": draw_id, "state": {"$in": list(states)}}
    return bool(SchoolDraw._get_collection().update_one(query, change).matched_count)
