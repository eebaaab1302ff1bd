"""A return file (回盘文件) of the bank: what it says of each line of a payment file, applied once.

    received ─piece by piece─▶ applied                     refused: it does not hold together, nothing of it counts

Its rows lie sealed, in parts, only until they are applied: what they said stands in the payments then. `applied` is how
many parts are done; it moves in the transaction of the part, so that a kill or a second worker changes nothing twice.
"""

from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, runtime
from backend.payout_file import Returned, Row
from backend.personal_data import Holding, Sealed, declare
from backend.store import documents, paging

COLLECTION = "benefit_returns"
PARTS = "benefit_return_parts"
outbox.carried_by(COLLECTION)
STATES = {"received": "处理中", "applied": "已处理", "refused": "文件不完整,未处理"}
MOST_DIFFERENCES = 200
PART_ROWS = 500


class BenefitReturn(Document):
    """The id reads file and number. `differences` name what, seq and both amounts; `stated_fen` it says was paid."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["file", "number"]}, {"fields": ["batch", "-_id"]}, outbox.INDEX],
    }
    id = StringField(primary_key=True)
    file = StringField(required=True)
    batch = ObjectIdField(required=True)
    number = IntField(required=True)
    kind = StringField()
    digest = StringField()
    state = StringField(choices=tuple(STATES), required=True)
    reason = StringField()
    parts = IntField(required=True)
    applied = IntField(required=True)
    counts = DictField(required=True)
    stated_fen = IntField()
    differences = ListField(DictField())
    by = StringField(required=True)
    received_at = DateTimeField(required=True)
    applied_at = DateTimeField()
    outbox = ListField(DictField())


class BenefitReturnPart(Document):
    """Some rows of a return that is not applied yet, sealed as one text."""

    meta = {"collection": PARTS, "auto_create_index": False, "indexes": ["ret"]}
    id = StringField(primary_key=True)
    ret = StringField(required=True)
    rows = BinaryField(required=True)


declare(
    Holding(
        COLLECTION,
        "银行回盘文件",
        at_deletion="keep",
        because="会计档案管理办法: 银行回单,只含编号和金额",
    )
)
declare(
    Holding(
        PARTS,
        "银行回盘待处理明细",
        sealed=(Sealed("rows", secret=True),),
        at_deletion="keep",
        because="处理完毕即删除",
    )
)


def return_id(file_no: str, number: int) -> str:
    """Return the id of a file's return."""
    return f"{file_no}:{number}"


def read(ret: str) -> dict[str, Any]:
    """Return a return file.

    Raises:
        NotFound: no such return.
    """
    return documents.one(BenefitReturn, {"_id": ret}, {"outbox": 0})


def of_file(file_no: str) -> list[dict[str, Any]]:
    """Return the returns of a file, by number."""
    return list(BenefitReturn._get_collection().find({"file": file_no}, {"outbox": 0}).sort("number", 1))


def record(told: Returned, batch_id: ObjectId, *, by: str) -> dict[str, Any]:
    """Return what is stored of a return file that holds together."""
    ret = return_id(told.file_no, told.number)
    return {
        "_id": ret,
        "file": told.file_no,
        "batch": batch_id,
        "number": told.number,
        "kind": told.kind,
        "digest": told.digest,
        "state": "received",
        "parts": -(-len(told.rows) // PART_ROWS),
        "applied": 0,
        "counts": {},
        "differences": [],
        "by": by,
        "received_at": clock.now(),
        "outbox": [outbox.entry("bills", "benefits.apply_return", ret=ret)],
    }


def sealed_parts(told: Returned) -> list[dict[str, Any]]:
    """Return the rows in sealed parts."""
    ret, sealer, made = return_id(told.file_no, told.number), runtime.current().sealer, []
    for number, start in enumerate(range(0, len(told.rows), PART_ROWS)):
        part = f"{ret}:{number}"
        rows = [
            [row.seq, row.account, row.fen, row.outcome, row.code, row.serial]
            for row in told.rows[start : start + PART_ROWS]
        ]
        made.append({"_id": part, "ret": ret, "rows": sealer.seal(f"{PARTS}.rows", part, orjson.dumps(rows).decode())})
    return made


def rows_of(ret: str, number: int) -> list[Row]:
    """Return the rows of one part; none where it was applied."""
    part = f"{ret}:{number}"
    found = BenefitReturnPart._get_collection().find_one({"_id": part})
    if found is None:
        return []
    return [Row(*one) for one in orjson.loads(runtime.current().sealer.open(f"{PARTS}.rows", part, found["rows"]))]


def done_part(
    ret: str, number: int, counts: dict[str, int], differences: list[dict[str, Any]], session: ClientSession
) -> bool:
    """Note within its transaction that a part was applied; False where another worker did."""
    change: dict[str, Any] = {"$inc": {"applied": 1, **counts}}
    if differences:
        change["$push"] = {"differences": {"$each": differences, "$slice": MOST_DIFFERENCES}}
    guard = {"_id": ret, "state": "received", "applied": number}
    if not BenefitReturn._get_collection().update_one(guard, change, session=session).matched_count:
        return False
    BenefitReturnPart._get_collection().delete_one({"_id": f"{ret}:{number}"}, session=session)
    return True


def listed(batch_id: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the returns of a batch, newest first."""
    return paging.page(
        BenefitReturn._get_collection(),
        {"batch": batch_id},
        sort=("_id", -1),
        cursor=cursor,
        limit=limit,
        projection={"outbox": 0},
    )
