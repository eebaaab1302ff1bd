"""A batch (发放批次): the lines of one item, period and unit, on their way to the bank.

    collecting ─check─▶ checking ─▶ checked ─publish─▶ in_publicity ─7 working days─▶ publicity_done
        ▲                 ▲            │                    │                              │
        │ submit          └─ again ────┤                    │           proposed ◀─────────┘
    returned ◀─────────────────────────┴────────────────────┴──────────────┘ └─▶ approved ─▶ paying ─▶ paid | closed
    cancelled: before it is published          closed: lines that nobody repaired went back to the fund

Its case (kind `benefit_batch`) has the steps; `step` says which one, changed in the same transaction (`progress`). The
town adds and withdraws lines in the step `town_review`, until it submits the batch to the department.
`counts` and `sums` are kept by line state with each move of a line; `moves` counts these, so that a recount never
overwrites one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import outbox, personal_data
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding
from backend.store import documents, paging
from models.identity.actors import Staff

COLLECTION = "benefit_batches"
outbox.carried_by(COLLECTION)
STATES = {
    "collecting": "采集中",
    "checking": "核验中",
    "checked": "已核验",
    "in_publicity": "公示中",
    "publicity_done": "公示期满",
    "proposed": "待财政审批",
    "approved": "已批准",
    "paying": "发放中",
    "paid": "已发放",
    "closed": "已办结,未发放部分退回资金专户",
    "returned": "已退回",
    "cancelled": "已取消",
}
APPROVED = ("approved", "paying", "paid", "closed")
"""From its approval on: a line that becomes payable now is approved with it."""
OPEN_FOR_LINES = ("collecting", "returned")
"""The states in which a town changes lines, in the step `town_review`."""
STEPS = {
    "town_review": "乡镇审核",
    "department_review": "主管部门审核",
    "publicity": "公示",
    "finance": "财政审批",
    "": "已办结",
}
OF_TOWN = frozenset({"benefit.collect"})
OF_DEPARTMENT = frozenset({"benefit.check", "benefit.publish", "benefit.propose"})
MOST_LINES = 200_000


class BenefitBatch(Document):
    """`number` is that of its case. `item` is the code, `item_id` the version.

    `unit` is the town that collects, `department` the unit of the item: it checks, publishes, proposes.
    `part` tells batches of the same item, period and unit apart. `job` is the run of the checks, `findings` how many
    lines carry which code after it. `rules` are the trees by which its lines were decided, by their hash: the same for
    all lines, so they stand here once. `hold` is the sum that the fund promised. `closing` stands while lines that
    nobody repaired go back to the fund.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["number"], "unique": True},
            {"fields": ["item", "period", "unit", "part"], "unique": True},
            {"fields": ["unit", "-_id"]},
            {"fields": ["department", "-_id"]},
            {"fields": ["state", "-_id"]},
            {"fields": ["publicity_until", "_id"], "sparse": True},
            outbox.INDEX,
        ],
    }
    number = StringField(required=True)
    item = StringField(required=True)
    item_id = StringField(required=True)
    item_zh = StringField(required=True)
    period = StringField(required=True)
    unit = StringField(required=True)
    unit_zh = StringField()
    area = StringField()
    department = StringField(required=True)
    part = IntField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    step = StringField(choices=tuple(STEPS))
    case = ObjectIdField()
    counts = DictField(required=True)
    sums = DictField(required=True)
    moves = IntField(required=True)
    findings = DictField()
    rules = DictField()
    job = ObjectIdField()
    checked_at = DateTimeField()
    publicity_from = DateTimeField()
    publicity_until = DateTimeField()
    created_by = StringField(required=True)
    created_at = DateTimeField(required=True)
    submitted_by = StringField()
    published_by = StringField()
    proposed_by = StringField()
    approval = ObjectIdField()
    approved_by = StringField()
    approved_at = DateTimeField()
    hold = StringField()
    paid_at = DateTimeField()
    closing = DateTimeField()
    closed_by = StringField()
    closed_at = DateTimeField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "惠民惠农资金发放批次",
        staff=("created_by", "submitted_by", "published_by", "proposed_by", "approved_by", "closed_by"),
        at_deletion="keep",
        because="会计档案管理办法: 发放批次是记账凭证,不含个人信息",
    )
)


class BatchStateWrong(Conflict):
    """409: the batch is not where this can be done."""

    code = "benefit_batch_state_wrong"
    zh = "该批次目前为「{state_zh}」,不能进行此操作;请刷新后按当前环节办理。"
    en = "The batch is in the state {state}. Refresh, then do what this state allows."

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__(state=found["state"], state_zh=STATES[found["state"]])


class BatchFull(Conflict):
    """409: so many lines are in no batch."""

    code = "benefit_batch_full"
    zh = "一个批次最多 {most} 条明细,请另建批次。"
    en = "A batch takes {most} lines at most. Make another one."


def read(batch_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a batch.

    Raises:
        NotFound: no such batch.
    """
    return documents.one(BenefitBatch, {"_id": batch_id}, {"outbox": 0}, session=session)


def reach(actor: Staff, operation: str, batch_id: ObjectId) -> dict[str, Any]:
    """Return a batch within the actor's scope for `operation`.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such batch within their scope.
    """
    actor.require(operation)
    return _within(actor, operation, read(batch_id))


def reach_number(actor: Staff, operation: str, number: str) -> dict[str, Any]:
    """Return a batch by the number that stands on sheets, within the actor's scope.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such batch within their scope.
    """
    actor.require(operation)
    found = documents.one(BenefitBatch, {"number": number}, {"outbox": 0})
    return _within(actor, operation, found)


def _within(actor: Staff, operation: str, found: dict[str, Any]) -> dict[str, Any]:
    if not covers(actor, operation, found):
        raise NotFound
    return found


def covers(actor: Staff, operation: str, found: Mapping[str, Any]) -> bool:
    """Tell whether an operation of the actor reaches a batch: as its town, as the department of its item, or as both.

    What a town does is not done by the department, nor the other way round.
    """
    units = {found["unit"]} if operation in OF_TOWN else {found["department"]}
    units |= set() if operation in OF_TOWN | OF_DEPARTMENT else {found["unit"]}
    return any(actor.covers(operation, unit=one, area=found.get("area", "")) for one in units)


def require_state(found: Mapping[str, Any], states: Iterable[str]) -> None:
    """Check the state of a batch.

    Raises:
        BatchStateWrong: it is another one.
    """
    if found["state"] not in states:
        raise BatchStateWrong(found)


def move(
    batch_id: ObjectId,
    states: Iterable[str],
    to: str,
    *,
    told: Mapping[str, Any] | None = None,
    step: str | None = None,
    follow: Iterable[dict[str, Any]] = (),
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Move a batch from one of `states` (and from `step` where one is given) to the state `to`; return it.

    Raises:
        NotFound: no such batch.
        BatchStateWrong: it is elsewhere.
    """
    guard: dict[str, Any] = {"_id": batch_id, "state": {"$in": sorted(states)}}
    guard |= {} if step is None else {"step": step}
    change: dict[str, Any] = {"$set": {"state": to, **(told or {})}}
    if entries := list(follow):
        change["$push"] = {"outbox": {"$each": entries}}
    moved = BenefitBatch._get_collection().find_one_and_update(
        guard, change, projection={"outbox": 0}, return_document=ReturnDocument.AFTER, session=session
    )
    if moved is None:
        raise BatchStateWrong(read(batch_id, session))
    return dict(moved)


def count(
    batch_id: ObjectId,
    was: str,
    to: str,
    fen: int,
    session: ClientSession,
    *,
    states: Iterable[str] = (),
    step: str | None = None,
) -> dict[str, Any]:
    """Keep counts and sums with one line's move from state `was` to `to`; an empty one is outside of the batch.

    Raises:
        BatchStateWrong: the batch is in none of `states`, or not in `step`, where they are given.
    """
    change: dict[str, int] = {"moves": 1}
    for state, sign in ((was, -1), (to, 1)):
        if state and was != to:
            change |= {f"counts.{state}": sign, f"sums.{state}": sign * fen}
    guard = {"_id": batch_id, **({"state": {"$in": sorted(states)}} if states else {})}
    guard |= {} if step is None else {"step": step}
    moved = BenefitBatch._get_collection().find_one_and_update(
        guard, {"$inc": change}, projection={"outbox": 0}, return_document=ReturnDocument.AFTER, session=session
    )
    if moved is None:
        raise BatchStateWrong(read(batch_id, session))
    return dict(moved)


def total(found: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many lines a batch has, and their sum; without those withdrawn."""
    number = sum(value for state, value in found["counts"].items() if state != "withdrawn")
    return number, sum(value for state, value in found["sums"].items() if state != "withdrawn")


def listed(
    actor: Staff, *, state: str | None = None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the batches within the actor's scope, newest first."""
    actor.require("benefit.list")
    units = actor.units_for("benefit.list")
    reached = {"$in": sorted(units or ())}
    query: dict[str, Any] = {} if units is None else {"$or": [{"unit": reached}, {"department": reached}]}
    query |= {"state": state} if state else {}
    return paging.page(
        BenefitBatch._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
