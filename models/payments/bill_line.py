"""A line of a day's bill with what became of it: what WeChat says, what is known here, and who settled the difference.

    matched                                          nothing to do
    open ──explain──▶ resolved                       a person says why, no money moves
      └──propose──▶ proposed ──approve──▶ resolved   two persons, and the ledger takes the difference

The id reads day, kind and number, so that reading a bill again finds its lines again. A line whose difference changed
since it was resolved is open again.
"""

from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField

from backend import personal_data
from backend.personal_data import Holding, Sealed
from backend.store import documents

COLLECTION = "bill_lines"
OUTCOME_ZH = {
    "matched": "一致",
    "amount_differs": "金额不符",
    "missing_here": "仅微信支付有",
    "missing_there": "仅本系统有",
    "state_differs": "状态不符",
    "duplicate": "账单中重复",
}
STANDING_ZH = {"none": "无需处理", "open": "待处理", "proposed": "待复核入账", "resolved": "已处理"}
SIGN = {"payment": 1, "refund": -1}


class MatchedLine(Document):
    """`rows` are the places of the file where the line stands, `file` the hash of the file that had it last."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["day", "row"]},
            {"fields": ["day", "outcome", "standing", "_id"]},
            {"fields": ["day", "standing", "_id"]},
        ],
    }
    id = StringField(primary_key=True)
    day = StringField(required=True)
    kind = StringField(choices=tuple(SIGN), required=True)
    number = StringField(required=True)
    file = StringField()
    row = IntField()
    rows = ListField(IntField())
    at = DateTimeField()
    transaction_id = StringField()
    there_fen = IntField()
    there_state = StringField()
    here_fen = IntField()
    here_state = StringField()
    outcome = StringField(choices=tuple(OUTCOME_ZH))
    standing = StringField(choices=tuple(STANDING_ZH))
    resolution = DictField()
    approval = ObjectIdField()


personal_data.declare(
    Holding(
        COLLECTION,
        "对账明细",
        sealed=(Sealed("resolution.note"),),
        at_deletion="keep",
        because="只含交易编号和金额; 会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 银行对账单保管 10 年",
    )
)


def id_of(day: str, kind: str, number: str) -> str:
    """Return the id of a line."""
    return f"{day}:{kind}:{number}"


def read(line_id: str) -> dict[str, Any]:
    """Return a line that was matched.

    Raises:
        NotFound: no such line.
    """
    return documents.one(MatchedLine, {"_id": line_id, "outcome": {"$exists": True}})


def judged(found: dict[str, Any], outcome: str, here_fen: int | None, here_state: str | None) -> dict[str, Any]:
    """Return the update that gives a line its outcome; a resolution of the very same difference goes on standing."""
    told = {"here_fen": here_fen, "here_state": here_state}
    known = {name: value for name, value in told.items() if value is not None}
    unknown = {name: "" for name, value in told.items() if value is None}
    change = {"$set": {"outcome": outcome, "standing": _standing(found, outcome, here_fen), **known}}
    return change | ({"$unset": unknown} if unknown else {})


def _standing(found: dict[str, Any], outcome: str, here_fen: int | None) -> str:
    if outcome == "matched":
        return "none"
    difference = difference_of(found["kind"], outcome, here_fen, found.get("there_fen"))
    if found.get("resolution", {}).get("difference") == difference:
        return "resolved"
    return "proposed" if found.get("standing") == "proposed" else "open"


def difference_of(kind: str, outcome: str, here_fen: int | None, there_fen: int | None) -> dict[str, Any]:
    """Return what makes a difference the same one: its kind, and by how much WeChat has more money of it than we do."""
    return {"outcome": outcome, "fen": SIGN[kind] * ((there_fen or 0) - (here_fen or 0))}


def of(found: dict[str, Any]) -> dict[str, Any]:
    """Return the difference of a stored line."""
    return difference_of(found["kind"], found["outcome"], found.get("here_fen"), found.get("there_fen"))


def move(line_id: str, standing: str, to: str, *, session: Any = None, **changes: Any) -> bool:
    """Move a line between standings; return whether it was there."""
    change = {"$set": {"standing": to, **changes}}
    guard = {"_id": line_id, "standing": standing}
    return bool(MatchedLine._get_collection().update_one(guard, change, session=session).matched_count)


def resolution(
    found: dict[str, Any], *, how: str, by: str, at: Any, note: bytes, approval: ObjectId | None = None
) -> Any:
    """Return what is kept of how a line was settled."""
    told = {"how": how, "by": by, "at": at, "note": note, "difference": of(found)}
    return told | ({"approval": approval} if approval else {})
