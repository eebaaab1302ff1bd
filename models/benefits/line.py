"""A line (明细): one person's amount in a batch, as the town collected it, with what the checks found.

    collected ─checks─▶ ok | to_confirm | blocked ─(clerk clears, objection decided, checks again)─▶ …
    ok ──▶ approved ──▶ sent ──▶ paid | failed ──▶ repaired ──▶ resent ──▶ paid | failed
    blocked ─an objection is rejected after the approval─▶ approved      failed ─nobody repairs it─▶ lapsed
    withdrawn: by the town, before it is approved

Only lines that are `ok` are paid. Name, ID number and account lie sealed; the number is found by a blind index. A
finding is {code, whose, at} and after a clerk cleared it {cleared_by, cleared_at}; its words stand in `finding`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, runtime
from backend.errors import Conflict
from backend.personal_data import Blind, Holding, Sealed, declare
from backend.store import documents, transactions
from models.audit import entry
from models.benefits import batch

COLLECTION = "benefit_lines"
outbox.carried_by(COLLECTION)
STATES = {
    "collected": "已采集,待核验",
    "ok": "核验通过",
    "to_confirm": "待核实",
    "blocked": "暂不发放",
    "approved": "已批准",
    "sent": "已送银行",
    "paid": "已到账",
    "failed": "发放失败",
    "repaired": "已更正,待重发",
    "resent": "已重发",
    "lapsed": "未能发放,已退回资金专户",
    "withdrawn": "已撤销",
}
CHECKABLE = ("collected", "ok", "to_confirm", "blocked")
LIVE = ("collected", "ok", "to_confirm", "blocked", "approved", "sent", "paid", "failed", "repaired", "resent")
"""The states in which a line counts against another one of the same person."""
UNDER_WAY = ("approved", "sent", "failed", "repaired", "resent")
"""Money is promised or on its way: whoever wants their data deleted waits until it is settled."""
HISTORY_KEPT = 40
NUMBER = "benefit_lines.number"


class BenefitLine(Document):
    """`number_index`, `account_index` and `household` are blind; `once` is unique for what a row says.

    `area` is the village or town code. `decision` is the sealed part of the rule's record that is about this
    person, `rule` the hash of the rest, which the batch keeps, and `decided_fen` the amount that the rule computed.
    `history` keeps the last moves.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["once"], "unique": True},
            {"fields": ["batch", "_id"]},
            {"fields": ["batch", "state", "_id"]},
            {"fields": ["batch", "findings.code", "_id"]},
            {"fields": ["number_index", "item", "period"]},
            {"fields": ["batch", "account_index"]},
            {"fields": ["household", "item", "period"], "sparse": True},
            {"fields": ["person", "-_id"], "sparse": True},
            outbox.INDEX,
        ],
    }
    batch = ObjectIdField(required=True)
    item = StringField(required=True)
    period = StringField(required=True)
    unit = StringField(required=True)
    area = StringField()
    person = ObjectIdField()
    name = BinaryField(required=True)
    number = BinaryField(required=True)
    number_index = ListField(BinaryField())
    account = BinaryField()
    account_index = ListField(BinaryField())
    once = BinaryField(required=True)
    household = ListField(BinaryField())
    amount_fen = IntField(required=True)
    facts = DictField()
    state = StringField(choices=tuple(STATES), required=True)
    findings = ListField(DictField())
    decision = BinaryField()
    rule = StringField()
    decided_fen = IntField()
    history = ListField(DictField())
    collected_by = StringField(required=True)
    collected_at = DateTimeField(required=True)
    outbox = ListField(DictField())


declare(
    Holding(
        COLLECTION,
        "惠民惠农资金发放明细",
        persons=("person",),
        staff=("collected_by", "history.who", "findings.cleared_by"),
        sealed=(Sealed("name"), Sealed("number"), Sealed("account"), Sealed("decision")),
        blind=(
            Blind("number_index", NUMBER, source="number"),
            Blind("account_index", "benefit_lines.account", source="account"),
            Blind("household", "benefit_lines.household"),
            Blind("once", "benefit_lines.once"),
        ),
        traces=("amount_fen", "period", "area", "facts"),
        at_deletion="restrict",
        because="会计档案管理办法第十四条: 发放明细是记账凭证的附件,保存三十年",
        busy=lambda: {"state": {"$in": list(UNDER_WAY)}},
    )
)


class LineStateWrong(Conflict):
    """409: the line is not where this can be done."""

    code = "benefit_line_state_wrong"
    zh = "该明细目前为「{state_zh}」,不能进行此操作;请刷新后查看。"
    en = "The line is in the state {state}. Refresh and look again."

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__(state=found["state"], state_zh=STATES[found["state"]])


@dataclass(frozen=True)
class Collected:
    """What a town says of one person.

    `number` is canonical, `facts` are decimals as text, and empty texts are nothing told.
    """

    name: str = field(repr=False)
    number: str = field(repr=False)
    account: str = field(repr=False)
    amount_fen: int
    facts: Mapping[str, str] = field(default_factory=dict)
    area: str = ""
    person: ObjectId | None = None


@dataclass(frozen=True)
class Opened:
    """The sealed texts of a line."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    account: str = field(repr=False)


def add(found: Mapping[str, Any], told: Collected, *, by: str) -> tuple[dict[str, Any], bool]:
    """Add a line to a batch that is open for lines; the same row again is the same line. Return it, and whether new.

    Raises:
        BatchStateWrong: the batch takes no lines any more.
        BatchFull: it has as many as it can.
    """
    made = _record(found, told, by)

    def change(session: ClientSession) -> None:
        BenefitLine._get_collection().insert_one(made, session=session)
        counted = batch.count(
            found["_id"], "", "collected", told.amount_fen, session,
            states=batch.OPEN_FOR_LINES, step="town_review",
        )  # fmt: skip
        if sum(counted["counts"].values()) > batch.MOST_LINES:
            raise batch.BatchFull(most=batch.MOST_LINES)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        known = BenefitLine._get_collection().find_one({"once": made["once"]})
        assert known is not None
        return known, False
    return made, True


def _record(found: Mapping[str, Any], told: Collected, by: str) -> dict[str, Any]:
    line_id, sealer, now = ObjectId(), runtime.current().sealer, clock.now()
    parts = (found["_id"], told.number, told.name, told.account, told.amount_fen, sorted(told.facts.items()), told.area)
    record: dict[str, Any] = {
        "_id": line_id,
        "batch": found["_id"],
        **{name: found[name] for name in ("item", "period", "unit")},
        "area": told.area or found.get("area", ""),
        "name": sealer.seal("benefit_lines.name", line_id, told.name),
        "number": sealer.seal("benefit_lines.number", line_id, told.number),
        "number_index": sealer.blinds(NUMBER, told.number),
        "once": once(*parts),
        "amount_fen": told.amount_fen,
        "facts": dict(told.facts),
        "state": "collected",
        "findings": [],
        "history": [{"at": now, "who": by, "what": "collected"}],
        "collected_by": by,
        "collected_at": now,
    }
    if told.account:
        record["account"] = sealer.seal("benefit_lines.account", line_id, told.account)
        record["account_index"] = sealer.blinds("benefit_lines.account", told.account)
    return record | ({"person": told.person} if told.person else {})


def once(*parts: Any) -> bytes:
    """Return what is unique for what a row says, in its batch."""
    return runtime.current().sealer.blind("benefit_lines.once", "|".join(map(str, parts)))


def opened(found: Mapping[str, Any]) -> Opened:
    """Return the sealed texts of a line."""
    sealer, line_id = runtime.current().sealer, found["_id"]
    account = sealer.open("benefit_lines.account", line_id, found["account"]) if found.get("account") else ""
    return Opened(
        sealer.open("benefit_lines.name", line_id, found["name"]),
        sealer.open("benefit_lines.number", line_id, found["number"]),
        account,
    )


def name_of(found: Mapping[str, Any]) -> str:
    """Return the name on a line."""
    return runtime.current().sealer.open("benefit_lines.name", found["_id"], found["name"])


def read(line_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a line.

    Raises:
        NotFound: no such line.
    """
    return documents.one(BenefitLine, {"_id": line_id}, {"outbox": 0}, session=session)


def history(who: str, what: str, **told: Any) -> dict[str, Any]:
    """Return what to push to a line for one more entry of its bounded history."""
    one = {"at": clock.now(), "who": who, "what": what, **told}
    return {"history": {"$each": [one], "$slice": -HISTORY_KEPT}}


def move(
    line_id: ObjectId,
    states: Iterable[str],
    to: str,
    *,
    pushed: Mapping[str, Any],
    told: Mapping[str, Any] | None = None,
    unset: Iterable[str] = (),
    batch_states: Iterable[str] = (),
    batch_step: str | None = None,
    follow: Iterable[dict[str, Any]] = (),
    audit: dict[str, Any] | None = None,
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Move one line from one of `states` to `to` together with its batch's counts; return it as it is then.

    `pushed` comes from `history`. Without a session the move is a transaction of its own.

    Raises:
        NotFound: no such line.
        LineStateWrong: it is in another state.
        BatchStateWrong: its batch is in none of `batch_states`, or not in `batch_step`, where they are given.
    """
    change: dict[str, Any] = {"$set": {"state": to, **(told or {})}, "$push": dict(pushed)}
    if gone := list(unset):
        change["$unset"] = dict.fromkeys(gone, "")
    if entries := list(follow):
        change["$push"] |= {"outbox": {"$each": entries}}

    def write(within: ClientSession) -> dict[str, Any]:
        was = BenefitLine._get_collection().find_one_and_update(
            {"_id": line_id, "state": {"$in": sorted(states)}}, change, projection={"outbox": 0},
            return_document=ReturnDocument.BEFORE, session=within,
        )  # fmt: skip
        if was is None:
            raise LineStateWrong(read(line_id, within))
        batch.count(was["batch"], was["state"], to, was["amount_fen"], within, states=batch_states, step=batch_step)
        if audit:
            entry.write(audit, within)
        return read(line_id, within)

    return write(session) if session else transactions.run(write)


def recount(batch_id: ObjectId, *, most_tries: int = 20) -> dict[str, Any]:
    """Count the lines of a batch anew after many of them moved at once; return the batch.

    A line that moves meanwhile makes it count again, so that no move is lost.

    Raises:
        NotFound: no such batch.
        BatchStateWrong: lines go on moving.
    """
    for _ in range(most_tries):
        found = batch.read(batch_id)
        counts, sums = _counted(batch_id)
        guard = {"_id": batch_id, "moves": found["moves"]}
        change = {"$set": {"counts": counts, "sums": sums}, "$inc": {"moves": 1}}
        if batch.BenefitBatch._get_collection().update_one(guard, change).matched_count:
            return batch.read(batch_id)
    raise batch.BatchStateWrong(batch.read(batch_id))


def _counted(batch_id: ObjectId) -> tuple[dict[str, int], dict[str, int]]:
    grouped = BenefitLine._get_collection().aggregate(
        [
            {"$match": {"batch": batch_id}},
            {"$group": {"_id": "$state", "number": {"$sum": 1}, "fen": {"$sum": "$amount_fen"}}},
        ]
    )
    found = list(grouped)
    return {one["_id"]: one["number"] for one in found}, {one["_id"]: one["fen"] for one in found}


def of_batch(
    batch_id: ObjectId, *, after: ObjectId | None = None, before: ObjectId | None = None, most: int, **more: Any
) -> list[dict[str, Any]]:
    """Return the next lines of a batch in the order of their ids, for work in pieces."""
    query: dict[str, Any] = {"batch": batch_id, **more}
    bounds = {name: value for name, value in (("$gt", after), ("$lt", before)) if value}
    query |= {"_id": bounds} if bounds else {}
    found = BenefitLine._get_collection().find(query, {"outbox": 0, "history": 0})
    return list(found.sort("_id", 1).limit(most))
