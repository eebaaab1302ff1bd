"""A lot: produce of one kind from one harvest, or graded out of such lots; what certificates, codes and recalls name.

    open ──hold──▶ held ──release──▶ open
      │ ──close──▶ closed              (all of it went into other lots, or was sold)
      │ ──recall─▶ recalled ◀──recall── held, closed     (final)

A held or recalled lot is neither packed nor sold. A lot says from which plots and which `parents` it came; `left_grams`
is what was not yet used up by grading and packing, and each use is one guarded update. A lot that its grower withdraws
before any of it was used is closed with nothing in it.
"""

from collections.abc import Sequence
from typing import Any

from mongoengine import DateTimeField, DictField, Document, ListField, LongField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from backend.store import documents
from models.audit import entry
from models.identity import moving
from models.selenium.producer import Grower, theirs

COLLECTION = "selenium_lots"
STATE_ZH = {"open": "在用", "held": "已冻结", "recalled": "已召回", "closed": "已用完"}
STOPPED = ("held", "recalled")
HOLD_ZH = {
    "failed_test": "检测不合格",
    "suspected": "疑似质量安全问题",
    "wrong_data": "信息有误,核实中",
    "inspection": "监督抽查",
    "own_request": "生产主体申请",
    "recall": "关联召回,核查中",
}
KIND_ZH = {"harvest": "采收批次", "graded": "分级批次"}
MOST_GRAMS = 10_000_000_000
"""Ten thousand tonnes: more is a slip of the pen."""


class Lot(Document):
    """The id is the lot number: the day and eight letters that cannot be counted; sixteen fit into AI (10) of GS1."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["uri"], "unique": True},
            {"fields": ["producer", "_id"]},
            {"fields": ["producer", "product", "harvested_on"]},
            {"fields": ["parents"], "sparse": True},
            {"fields": ["village", "_id"]},
        ],
    }
    id = StringField(primary_key=True)
    uri = StringField(required=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    producer = ObjectIdField(required=True)
    village = StringField(required=True)
    product = StringField(required=True)
    grade = StringField()
    season = StringField(required=True)
    plots = ListField(ObjectIdField())
    parents = ListField(StringField())
    grams = LongField(required=True)
    left_grams = LongField(required=True)
    harvested_on = StringField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    held = DictField()
    moves = LongField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "采收和分级批次",
        via=(("producer", "producers"),),
        traces=("harvested_on", "village", "created_by"),
        busy=lambda: {"state": "held"},
        at_deletion="keep",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条);记录不含姓名和证号。",
    )
)


class LotNotOpen(Conflict):
    """409: the lot is held, recalled or closed."""

    code = "lot_not_open"
    zh = "该批次已冻结、召回或用完,不能继续使用;冻结的批次请先由主管部门解除。"
    en = "This lot is held, recalled or closed and cannot be used."


class LotHeld(Conflict):
    """409: goods of a held or recalled lot stay where they are."""

    code = "lot_held"
    zh = "其中有批次已冻结或召回,不能装箱、发货或销售,请等候主管部门处理。"
    en = "Some of this is of a lot that is held or recalled and cannot be boxed, shipped or sold."


class LotUsed(Conflict):
    """409: something was made of the lot, or said about it, so that it cannot be undone."""

    code = "lot_used"
    zh = "该批次已有部分分级、包装、销售,或已开具合格证、已冻结,不能撤回;请先撤回后面的记录。"
    en = "Some of this lot was used, committed to or held. Withdraw what came after it first."


class LotTooSmall(Conflict):
    """409: less is left of the lot than is to be used."""

    code = "lot_too_small"
    zh = "该批次剩余重量不足,请核对重量。"
    en = "Less is left of this lot. Check the weight."


class LotMoved(Conflict):
    """409: the lot is in a state that does not allow this."""

    code = "lot_state"
    zh = "该批次当前状态不能这样操作,请刷新后再试。"
    en = "The state of this lot does not allow this. Refresh and try again."


def use(number: str, grams: int, session: ClientSession | None = None) -> dict[str, Any]:
    """Use grams of an open lot up: by grading, packing or selling loose; one guarded update decides.

    Raises:
        LotNotOpen: it is held, recalled or closed.
        LotTooSmall: less is left.
        NotFound: no such lot.
    """
    found = Lot._get_collection().find_one_and_update(
        {"_id": number, "state": "open", "left_grams": {"$gte": grams}},
        {"$inc": {"left_grams": -grams}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if found is None:
        raise LotNotOpen if read(number, session)["state"] != "open" else LotTooSmall
    return found


def give_back(number: str, grams: int, session: ClientSession) -> None:
    """Give back what `use` took, in the transaction that undoes what it was taken for."""
    Lot._get_collection().update_one({"_id": number}, {"$inc": {"left_grams": grams}}, session=session)


def let_move(numbers: Sequence[str], session: ClientSession) -> None:
    """Let goods of lots be boxed, shipped or sold; the write makes a hold at the same time collide with it.

    Raises:
        LotHeld: one of them is held or recalled.
    """
    wanted = sorted(set(numbers))
    guard = {"_id": {"$in": wanted}, "state": {"$in": ["open", "closed"]}}
    if Lot._get_collection().update_many(guard, {"$inc": {"moves": 1}}, session=session).matched_count < len(wanted):
        raise LotHeld


def empty(number: str, session: ClientSession) -> None:
    """Close a lot of which nothing was used, in the transaction that withdraws what made it.

    Raises:
        LotUsed: some of it was used, or it is no longer open.
    """
    guard = {"_id": number, "state": "open", "$expr": {"$eq": ["$left_grams", "$grams"]}}
    update = {"$set": {"state": "closed", "left_grams": 0}}
    if not Lot._get_collection().update_one(guard, update, session=session).matched_count:
        raise LotUsed


def hold(number: str, reason: str, *, by: str, unit: str = "", session: ClientSession | None = None) -> dict[str, Any]:
    """Hold an open lot; a held one stays as it is.

    Raises:
        NotFound: no such lot.
        LotMoved: it is recalled or closed.
    """
    told = {"state": "held", "held": {"reason": reason, "by": by, "at": clock.now()}}
    return _move(number, ("open",), {"$set": told}, line(by, "lot.hold", number, unit, reason=reason), session)


def release(number: str, *, by: str, unit: str = "", session: ClientSession | None = None) -> dict[str, Any]:
    """Release a held lot; an open one stays as it is.

    Raises:
        NotFound: no such lot.
        LotMoved: it is recalled or closed.
    """
    update = {"$set": {"state": "open"}, "$unset": {"held": ""}}
    return _move(number, ("held",), update, line(by, "lot.release", number, unit), session)


def close(number: str, *, by: str, unit: str = "", session: ClientSession | None = None) -> dict[str, Any]:
    """Close an open lot, of which nothing more is packed or sold; a closed one stays as it is.

    Raises:
        NotFound: no such lot.
        LotMoved: it is held or recalled.
    """
    update = {"$set": {"state": "closed"}}
    return _move(number, ("open",), update, line(by, "lot.close", number, unit), session)


def recall(number: str, *, by: str, unit: str = "", session: ClientSession | None = None) -> dict[str, Any]:
    """Mark a lot as recalled, for good; a recalled one stays as it is.

    Raises:
        NotFound: no such lot.
    """
    update = {"$set": {"state": "recalled"}}
    return _move(number, ("open", "held", "closed"), update, line(by, "lot.recall", number, unit), session)


def line(by: str, action: str, number: str, unit: str, **details: Any) -> dict[str, Any]:
    """Return what the audit says of a lot."""
    return entry.line(by, action, f"lot:{number}", unit=unit, **details)


def _move(
    number: str, before: tuple[str, ...], update: dict[str, Any], line: dict[str, Any], session: ClientSession | None
) -> dict[str, Any]:
    """Move a lot out of one of some states, with its audit entry; one that is there already stays as it is."""
    guard = {"_id": number, "state": {"$in": list(before)}}
    if moved := moving.move(Lot, guard, update, line, session=session):
        return moved
    found = read(number, session)
    if found["state"] != update["$set"]["state"]:
        raise LotMoved
    return found


def read(number: str, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a lot.

    Raises:
        NotFound: no such lot.
    """
    return documents.one(Lot, {"_id": number}, session=session)


def own(grower: Grower, number: str) -> dict[str, Any]:
    """Return a lot of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return theirs(grower, read(number))


def several(numbers: list[str]) -> dict[str, dict[str, Any]]:
    """Return lots by their numbers."""
    return {one["_id"]: one for one in Lot._get_collection().find({"_id": {"$in": numbers}})} if numbers else {}


def stopped(numbers: Sequence[str]) -> dict[str, str]:
    """Return which of some lots are held or recalled, each with its state."""
    if not numbers:
        return {}
    query = {"_id": {"$in": list(numbers)}, "state": {"$in": list(STOPPED)}}
    return {one["_id"]: one["state"] for one in Lot._get_collection().find(query, {"state": 1})}


def by_uris(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the lots with some URIs."""
    return list(Lot._get_collection().find({"uri": {"$in": list(texts)}})) if texts else []


def graded_from(numbers: Sequence[str], most: int) -> list[dict[str, Any]]:
    """Return the lots that were graded out of some lots."""
    return list(Lot._get_collection().find({"parents": {"$in": list(numbers)}}).limit(most)) if numbers else []


def by_uri(text: str) -> dict[str, Any] | None:
    """Return the lot with a URI, None when there is none."""
    return Lot._get_collection().find_one({"uri": text})
