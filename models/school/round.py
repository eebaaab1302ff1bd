"""A round of enrolment (招生批次): one stage of one school year, with its rules, its window and where it stands.

    preparing ──announce──▶ open ──freeze──▶ frozen ──draw──▶ drawn ──publish──▶ published ──end──▶ ended
        ▲                     │                 │
        └──────recall─────────┘ (before it opens)└──thaw──▶ open (nothing was drawn yet)

`open` says that the round was announced; whether a family may apply is decided by `opens_at` and `closes_at` at the
moment of asking. Early applications have no advantage: the order of arrival is read by nothing.
The rules of the year are codes of rule sets (`models/rules`), taken as they count on `rule_day`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, read_once, transactions
from models.audit import entry
from models.identity import moving
from models.identity.actors import Staff

COLLECTION = "school_rounds"
outbox.carried_by(COLLECTION)
STATES = {
    "preparing": "筹备中",
    "open": "已公告",
    "frozen": "名单已封存",
    "drawn": "已派位,待公布",
    "published": "已公布",
    "ended": "已结束",
}
STAGE_ZH = {"primary": "小学一年级", "junior": "初中一年级"}
RULES = ("eligible", "tier", "priority")
CODE = r"^[0-9]{4}-[a-z][a-z0-9_]{1,30}\Z"
MOST = 200
MOST_CHOICES = 5
EDITABLE = ("preparing",)
FIELDS = ("name", "stage", "school_year", "rules", "rule_day", "opens_at", "closes_at", "review_until")
SETTINGS = ("accept_days", "most_choices", "double_review_percent")
OPTIONAL = ("report_day",)


class SchoolRound(Document):
    """`rules` names rule sets: `eligible` (who may apply), `tier` (which 梯次), `priority` (which 优先级 within it).

    Outputs of the last two are called like them. `accept_days` is how many calendar days an offer waits for an answer,
    `double_review_percent` how many of the applications that raise no question two persons review.
    `report_day` is the day on which children report to their school; rounds of before name none.
    `draw` is the one that was published. `districts` names the generation of the round's districts that counts:
    {generation, count, at}. `touched` only makes changes at the same time collide.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["state", "-_id"]}, {"fields": ["stage", "-_id"]}, outbox.INDEX],
    }
    id = StringField(primary_key=True)
    name = StringField(required=True)
    stage = StringField(choices=tuple(STAGE_ZH), required=True)
    school_year = IntField(required=True)
    rules = DictField(required=True)
    rule_day = StringField(required=True)
    report_day = StringField()
    opens_at = DateTimeField(required=True)
    closes_at = DateTimeField(required=True)
    review_until = DateTimeField(required=True)
    accept_days = IntField(required=True)
    most_choices = IntField(required=True)
    double_review_percent = IntField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    announced_at = DateTimeField()
    draw = ObjectIdField()
    published_at = DateTimeField()
    ended_at = DateTimeField()
    districts = DictField()
    touched = IntField()
    history = ListField(DictField())
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "入学招生批次",
        staff=("history.by",),
        at_deletion="keep",
        because="义务教育法: 招生批次的规则与时间安排是公开信息,不含个人信息",
    )
)


class RoundCodeTaken(Conflict):
    """409: a round has this code."""

    code = "school_round_taken"
    zh = "批次代码 {round} 已被使用,请换一个。"
    en = "The code {round} is taken. Choose another one."


class RoundStateWrong(Conflict):
    """409: the round is not where this can be done."""

    code = "school_round_state_wrong"
    zh = "该招生批次目前为「{state_zh}」,不能进行此操作;请刷新后按当前环节办理。"
    en = "The round is in the state {state}. Refresh, then do what this state allows."

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__(state=found["state"], state_zh=STATES[found["state"]])


class WindowClosed(Conflict):
    """409: families apply within the window."""

    code = "school_window_closed"
    zh = "报名时间为 {opens} 至 {closes},现在不能提交。在此期间先后提交不影响结果。"
    en = "Applications are taken from {opens} to {closes}. Within this time it does not matter who is first."


class RoundWrong(Unprocessable):
    """422: times or settings of a round contradict each other."""

    code = "school_round_wrong"
    zh = "招生批次的时间或设置有误,请按提示修改。"
    en = "The times or settings of the round do not fit. Correct what is named."


def require_consistent(told: Mapping[str, Any]) -> None:
    """Check that the times follow one another and the settings lie within bounds.

    Raises:
        RoundWrong: they do not; each field says what to correct.
    """
    wrong: dict[str, list[str]] = {}
    if told["closes_at"] <= told["opens_at"]:
        wrong["closes_at"] = ["截止时间应晚于开始时间。"]
    if told["review_until"] < told["closes_at"]:
        wrong["review_until"] = ["审核截止时间应不早于报名截止时间。"]
    if (day := told.get("report_day")) and day <= clock.civil(told["review_until"]).date().isoformat():
        wrong["report_day"] = ["报到日应晚于审核截止日。"]
    if not 1 <= told["most_choices"] <= MOST_CHOICES:
        wrong["most_choices"] = [f"志愿数应为 1 至 {MOST_CHOICES}。"]
    if not 1 <= told["accept_days"] <= 30:  # noqa: PLR2004 - a month at most
        wrong["accept_days"] = ["确认天数应为 1 至 30 天。"]
    if not 0 <= told["double_review_percent"] <= 100:  # noqa: PLR2004 - a percentage
        wrong["double_review_percent"] = ["抽查比例应为 0 至 100。"]
    missing = sorted(set(RULES) - set(told["rules"]))
    if missing or set(told["rules"]) - set(RULES):
        wrong["rules"] = ["须指定资格规则 eligible、梯次规则 tier 和优先规则 priority。"]
    if wrong:
        raise RoundWrong(fields=wrong)


def create(actor: Staff, code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Make a round and return it.

    Raises:
        NotAllowed: no role of the actor plans rounds.
        RoundWrong: its times or settings contradict each other.
        RoundCodeTaken: the code is used.
    """
    actor.require("school.plan")
    require_consistent(told)
    found = {"_id": code, **{name: told[name] for name in (*FIELDS, *SETTINGS)}}
    found |= {name: told.get(name) for name in OPTIONAL}
    found |= {"state": "preparing", "history": [event("created", actor.key)], "outbox": []}
    audit = entry.line(actor.key, "school_round.create", f"school_round:{code}", unit=actor.unit)

    def write(session: ClientSession) -> None:
        SchoolRound._get_collection().insert_one(found, session=session)
        entry.write(audit, session)

    try:
        transactions.run(write)
    except DuplicateKeyError:
        raise RoundCodeTaken(round=code) from None
    return found


def change(actor: Staff, code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Change a round that was not announced and return it.

    Raises:
        NotAllowed: no role of the actor plans rounds.
        NotFound: no such round.
        RoundWrong: its times or settings contradict each other.
        RoundStateWrong: it was announced.
    """
    actor.require("school.plan")
    wanted = {name: value for name, value in told.items() if name in (*FIELDS, *SETTINGS, *OPTIONAL)}
    require_consistent({**read(code), **wanted})
    return move(code, EDITABLE, "", actor=actor, what="changed", told=wanted)


@read_once.within_span
def read(code: str, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a round.

    Raises:
        NotFound: no such round.
    """
    return documents.one(SchoolRound, {"_id": code}, {"outbox": 0}, session=session)


def public(code: str) -> dict[str, Any]:
    """Return a round that was announced.

    Raises:
        NotFound: no such round, or it is being prepared.
    """
    found = read(code)
    if found["state"] == "preparing":
        raise NotFound
    return found


def listed(*, public_only: bool = False) -> list[dict[str, Any]]:
    """Return all rounds, the latest first; `public_only` those that were announced. They are a few a year."""
    states = [state for state in STATES if state != "preparing" or not public_only]
    query = {"state": {"$in": states}}
    return list(SchoolRound._get_collection().find(query, {"outbox": 0, "history": 0}).sort("_id", -1).limit(MOST))


def event(what: str, by: str) -> dict[str, Any]:
    """Return one line of a round's history."""
    return {"at": clock.now(), "what": what, "by": by}


def require_state(found: Mapping[str, Any], states: Sequence[str]) -> None:
    """Check where a round stands.

    Raises:
        RoundStateWrong: elsewhere.
    """
    if found["state"] not in states:
        raise RoundStateWrong(found)


def hold(code: str, states: Sequence[str], session: ClientSession) -> None:
    """Check inside a transaction that a round is in one of `states` and stays there until it ends.

    Raises:
        NotFound: no such round.
        RoundStateWrong: it is elsewhere.
    """
    guard = {"_id": code, "state": {"$in": list(states)}}
    if not SchoolRound._get_collection().update_one(guard, {"$inc": {"touched": 1}}, session=session).matched_count:
        raise RoundStateWrong(read(code, session))


def move(
    code: str,
    states: Sequence[str],
    to: str,
    *,
    actor: Staff | None,
    what: str,
    guard: Mapping[str, Any] | None = None,
    noted: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
    follow: Sequence[Mapping[str, Any]] = (),
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Move a round from one of `states` to another (`to` "" stays), with its audit entry, and return it.

    `guard` is what must hold besides, `noted` what the round's history keeps of the move.

    Raises:
        NotFound: no such round.
        RoundStateWrong: it is elsewhere, or changed meanwhile.
    """
    by = actor.key if actor else "system:school"
    change: dict[str, Any] = {
        "$set": dict(told or {}) | ({"state": to} if to else {}) or {"_id": code},
        "$push": {
            "history": {"$each": [event(what, by) | dict(noted or {})], "$slice": -100},
            "outbox": {"$each": [dict(one) for one in follow]},
        },
    }
    audit = entry.line(by, f"school_round.{what}", f"school_round:{code}", unit=actor.unit if actor else "")
    found = moving.move(
        SchoolRound,
        {"_id": code, "state": {"$in": list(states)}, **(guard or {})},
        change,
        audit,
        actor,
        session=session,
    )
    if found is None:
        raise RoundStateWrong(read(code, session))
    return found


def require_window(found: Mapping[str, Any], now: datetime | None = None) -> None:
    """Check that families may apply at this moment; the list that is frozen takes nobody any more.

    Raises:
        WindowClosed: the window is not open.
    """
    moment = now or clock.now()
    if found["state"] != "open" or not found["opens_at"] <= moment < found["closes_at"]:
        raise WindowClosed(opens=wire(found["opens_at"]), closes=wire(found["closes_at"]))


def wire(moment: datetime) -> str:
    """Return a moment as persons read it here."""
    return clock.civil(moment).strftime("%Y-%m-%d %H:%M")


def report_zh(found: Mapping[str, Any]) -> str:
    """Return the day on which children report to their school in words; where none is set, that it will be told."""
    return str(found.get("report_day") or f"{found['school_year']}年秋季开学前,以学校通知为准")


def rule_day(found: Mapping[str, Any]) -> date:
    """Return the day at which ages count and rules are taken."""
    return date.fromisoformat(found["rule_day"])
