"""A payment file (代发文件): the lines of one batch that go to the bank together, once.

    filling ─all lines in, numbered, funded─▶ ready ─the bank has it─▶ accepted ─every payment final─▶ settled
                      │                         └─the bank took nothing of it─▶ refused (its lines go into the next)
                      └─no line has an account─▶ empty
    contested: the bank holds another file under this number; a person must look ─it paid nothing─▶ refused

The number reads batch and round, so that a round of a batch is opened once. The bytes are not kept: they are written
anew from the payments, always the same, and must have the digest that was noted when the file was ready. `sums` and
`counts` are kept by payment state in the transaction that moves payments.
"""

from collections.abc import Mapping
from datetime import datetime
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
from backend.errors import Conflict
from backend.personal_data import Holding
from backend.store import documents, paging

COLLECTION = "benefit_files"
outbox.carried_by(COLLECTION)
STATES = {
    "filling": "正在生成",
    "ready": "待送银行",
    "accepted": "银行已接收",
    "settled": "已全部回盘",
    "refused": "银行未接收",
    "contested": "银行文件号冲突,待人工处理",
    "empty": "无可发放明细",
}
OPEN = ("filling", "ready", "accepted")
AT_BANK = ("ready", "accepted", "settled")
"""The states in which a return may come: of a file whose answer was lost the return may be the first word."""


class BenefitFile(Document):
    """`returns` is how many return files were fetched; `waits` says what a file that is not ready waits for.

    `bank_done` is the bank's word that every line has its result; what has none after that is missing.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["batch", "round"], "unique": True},
            {"fields": ["state", "_id"]},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    batch = ObjectIdField(required=True)
    round = IntField(required=True)
    takes = StringField(choices=("approved", "repaired"), required=True)
    payer = StringField(required=True)
    remark = StringField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    counts = DictField(required=True)
    sums = DictField(required=True)
    hold = StringField()
    transfer = StringField()
    job = ObjectIdField()
    digest = StringField()
    waits = StringField()
    reason = StringField()
    returns = IntField(required=True)
    bank_done = BooleanField()
    polls = IntField(required=True)
    opened_by = StringField(required=True)
    opened_at = DateTimeField(required=True)
    tried_at = DateTimeField()
    accepted_at = DateTimeField()
    settled_at = DateTimeField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "惠民惠农资金代发文件",
        at_deletion="keep",
        because="会计档案管理办法: 银行代发凭证,不含个人信息",
    )
)


class FileStateWrong(Conflict):
    """409: the file is not where this can be done."""

    code = "benefit_file_state_wrong"
    zh = "该代发文件目前为「{state_zh}」,不能进行此操作;请刷新后查看。"
    en = "The payment file is in the state {state}. Refresh and look again."

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__(state=found["state"], state_zh=STATES[found["state"]])


def file_no(batch_number: str, number: int) -> str:
    """Return the number of a round's file."""
    return f"{batch_number}-{number:02d}"


def record(found: Mapping[str, Any], number: int, *, takes: str, payer: str, by: str, hold: str = "") -> dict[str, Any]:
    """Return a file of a batch, not stored yet; with a `hold` its money is promised already."""
    told: dict[str, Any] = {
        "_id": file_no(found["number"], number),
        "batch": found["_id"],
        "round": number,
        "takes": takes,
        "payer": payer,
        "remark": f"{found['item_zh']} {found['period']}",
        "state": "filling",
        "counts": {},
        "sums": {},
        "returns": 0,
        "polls": 0,
        "opened_by": by,
        "opened_at": clock.now(),
        "outbox": [],
    }
    return told | ({"hold": hold} if hold else {})


def read(number: str, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a file.

    Raises:
        NotFound: no such file.
    """
    return documents.one(BenefitFile, {"_id": number}, {"outbox": 0}, session=session)


def of_batch(batch_id: ObjectId) -> list[dict[str, Any]]:
    """Return the files of a batch by round."""
    return list(BenefitFile._get_collection().find({"batch": batch_id}, {"outbox": 0}).sort("round", 1))


def listed(*, state: str | None, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of files by number, those of one state or all."""
    query = {"state": state} if state else {"state": {"$in": list(STATES)}}
    collection = BenefitFile._get_collection()
    return paging.page(collection, query, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0})


def move(
    number: str,
    states: tuple[str, ...],
    told: Mapping[str, Any],
    *,
    follow: tuple[dict[str, Any], ...] = (),
    session: ClientSession | None = None,
) -> dict[str, Any] | None:
    """Change a file that is in one of `states`, and name what follows; None where it is in another one."""
    change: dict[str, Any] = {"$set": dict(told)}
    if follow:
        change["$push"] = {"outbox": {"$each": list(follow)}}
    return BenefitFile._get_collection().find_one_and_update(
        {"_id": number, "state": {"$in": list(states)}},
        change,
        projection={"outbox": 0},
        return_document=ReturnDocument.AFTER,
        session=session,
    )


def count(number: str, moves: Mapping[tuple[str, str], tuple[int, int]], session: ClientSession) -> dict[str, Any]:
    """Keep counts and sums with payments that moved: (from, to) → (how many, how much); return the file."""
    change: dict[str, int] = {}
    for (was, to), (many, fen) in moves.items():
        for state, sign in ((was, -1), (to, 1)):
            if state:
                change[f"counts.{state}"] = change.get(f"counts.{state}", 0) + sign * many
                change[f"sums.{state}"] = change.get(f"sums.{state}", 0) + sign * fen
    found = BenefitFile._get_collection().find_one_and_update(
        {"_id": number},
        {"$inc": change} if change else {"$set": {}},
        projection={"outbox": 0},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    assert found is not None
    return dict(found)


def due_after_settling(found: Mapping[str, Any], days: int) -> bool:
    """Tell whether late words of the bank (冲正) are still asked for."""
    settled: datetime | None = found.get("settled_at")
    return settled is None or (clock.now() - settled).days < days
