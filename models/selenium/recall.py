"""A recall (召回): goods that must not be eaten come back; from a lot, to everything that came of it or went into it.

    drawn ──start──▶ proposed ──a second person──▶ under_way ──close──▶ closed      (recalls of the office)
      │ ──start──────────────────────────────────▶ under_way                        (a grower's, of an own lot)
      └─withdraw─▶ withdrawn         proposed ──refused, expired──▶ drawn

Drawing changes nothing: it says what would be reached. What `under_way` does is done by a job, thing by thing
(`recall_run`). One lot starts one recall at a time.
"""

import secrets
from datetime import datetime
from typing import Any

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    ListField,
    LongField,
    ObjectIdField,
    StringField,
)
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding
from backend.store import documents
from models.identity.actors import Staff
from models.selenium import producer
from models.selenium.producer import Grower

COLLECTION = "selenium_recalls"
NUMBER = r"^RC[0-9]{8}[0-9A-HJKMNP-TV-Z]{8}\Z"
STATE_ZH = {
    "drawn": "已拟定",
    "proposed": "待审批",
    "under_way": "召回中",
    "closed": "已完成",
    "withdrawn": "已撤回",
}
DIRECTION_ZH = {"forward": "向下(去向)", "backward": "向上(来源)", "both": "双向"}
LEVEL_ZH = {"one": "一级召回", "two": "二级召回", "three": "三级召回"}
REASON_ZH = {
    "failed_test": "检测不合格",
    "residue": "农药兽药残留超标",
    "heavy_metal": "重金属超标",
    "contaminated": "受污染或变质",
    "mislabelled": "标签标识与实物不符",
    "selenium_claim": "硒含量与标示不符",
    "own_request": "生产主体主动召回",
}
SHORT_ZH = {
    "eaten": "已被食用",
    "resold_unknown": "已转售,去向无法查明",
    "spoiled": "已自行丢弃或变质",
    "buyer_unreachable": "购买者无法联系",
}
"""Why a recall is closed though less came back than went out."""
PUBLIC = ("under_way", "closed")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Recall(Document):
    """The id is the number. `running` keeps a lot from starting two at once; `counts` are those of the last look."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["village", "_id"]},
            {"fields": ["producer", "-_id"]},
            {"fields": ["state", "-_id"]},
            {"fields": ["lot"], "unique": True, "partialFilterExpression": {"running": True}, "name": "one_running"},
        ],
    }
    id = StringField(primary_key=True)
    lot = StringField(required=True)
    lot_uri = StringField(required=True)
    producer = ObjectIdField(required=True)
    village = StringField(required=True)
    village_zh = StringField(required=True)
    shown_name = StringField(required=True)
    product = StringField(required=True)
    product_zh = StringField(required=True)
    harvested_on = StringField(required=True)
    direction = StringField(choices=tuple(DIRECTION_ZH), required=True)
    level = StringField(choices=tuple(LEVEL_ZH), required=True)
    reason = StringField(choices=tuple(REASON_ZH), required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    by_grower = BooleanField(required=True)
    running = BooleanField()
    cut = BooleanField(required=True)
    counts = DictField()
    returned_grams = LongField(required=True)
    destroyed_grams = LongField(required=True)
    approval = ObjectIdField()
    job = ObjectIdField()
    start_by = DateTimeField(required=True)
    done_by = DateTimeField()
    drawn_at = DateTimeField(required=True)
    started_at = DateTimeField()
    reached_at = DateTimeField()
    closed_at = DateTimeField()
    short = StringField()
    started_by = StringField(required=True)
    history = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "产品召回",
        via=(("producer", "producers"),),
        traces=("village", "village_zh", "shown_name", "started_by", "history"),
        busy=lambda: {"state": {"$in": ["proposed", "under_way"]}},
        at_deletion="restrict",
        because="召回记录须依法留存不少于二年(食品安全法第六十三条、农产品质量安全法第四十四条)。",
    )
)


class RecallMoved(Conflict):
    """409: the recall is in a state that does not allow this."""

    code = "recall_state"
    zh = "该召回当前状态不能这样操作,请刷新后再试。"
    en = "The state of this recall does not allow this. Refresh and try again."


class RecallRunning(Conflict):
    """409: another recall of this lot is proposed or under way."""

    code = "recall_running"
    zh = "该批次已有召回在审批或进行中,请在召回列表中查看。"
    en = "Another recall of this lot is proposed or under way."


def new_number() -> str:
    """Return a number that nobody can count from."""
    return f"RC{clock.today():%Y%m%d}" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def step(what: str, by: str, **told: Any) -> dict[str, Any]:
    """Return a line of a recall's history."""
    return {"what": what, "by": by, "at": clock.now(), **told}


def move(
    number: str,
    before: tuple[str, ...],
    line: dict[str, Any],
    session: ClientSession,
    *,
    drop: tuple[str, ...] = (),
    guard: dict[str, Any] | None = None,
    **told: Any,
) -> dict[str, Any]:
    """Move a recall out of one of some states: one guarded update decides.

    Raises:
        NotFound: no such recall.
        RecallMoved: it is in another state.
        RecallRunning: another recall of its lot runs.
    """
    update: dict[str, Any] = {"$set": told, "$push": {"history": line}}
    if drop:
        update["$unset"] = dict.fromkeys(drop, "")
    query = {"_id": number, "state": {"$in": list(before)}, **(guard or {})}
    try:
        moved = Recall._get_collection().find_one_and_update(
            query, update, session=session, return_document=ReturnDocument.AFTER
        )
    except DuplicateKeyError:
        raise RecallRunning from None
    if moved is None:
        read(number, session)
        raise RecallMoved
    return moved


def read(number: str, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a recall.

    Raises:
        NotFound: no such number.
    """
    return documents.one(Recall, {"_id": number}, session=session)


def own(grower: Grower, number: str) -> dict[str, Any]:
    """Return a recall of a lot of the producer, whoever started it.

    Raises:
        NotFound: none, or of another producer's lot.
    """
    found = read(number)
    hidden = not found["by_grower"] and found["state"] not in PUBLIC
    if found["producer"] != grower.producer_id or hidden:
        raise NotFound
    return found


def in_reach(actor: Staff, operation: str, number: str) -> dict[str, Any]:
    """Return a recall that `operation` of the actor reaches by the village of its lot.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: none, or outside the actor's area.
    """
    actor.require(operation)
    found = read(number)
    if not producer.reaches(actor, operation, found["village"]):
        raise NotFound
    return found


def public(number: str) -> dict[str, Any]:
    """Return a recall that everybody may read of.

    Raises:
        NotFound: none, or not started.
    """
    found = read(number)
    if found["state"] not in PUBLIC:
        raise NotFound
    return found


def note(number: str, *, at: datetime | None = None, **told: Any) -> None:
    """Write down how far a recall under way has come; `at` is when everything was reached, which is noted once."""
    recalls = Recall._get_collection()
    recalls.update_one({"_id": number}, {"$set": told})
    if at:
        recalls.update_one({"_id": number, "reached_at": None}, {"$set": {"reached_at": at}})
