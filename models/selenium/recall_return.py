"""What came back (回收登记), buyer by buyer, and closing: with the sum of what went out, or with the reason why not.

`returned` came back to the producer, `destroyed` was destroyed where it was. Both together are never more than what
left the recalled lots.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, LongField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding
from backend.store import transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.selenium import lot, recall, recall_item
from models.selenium.producer import Grower
from models.selenium.recall import Recall, RecallMoved
from models.selenium.recall_item import RecallItem

COLLECTION = "selenium_recall_returns"
NOBODY = "unknown"
"""The buyer of what came back from somebody whom no event names."""
MOST = 1_000


class RecallReturn(Document):
    """One entry; `buyer` is the URI of the party."""

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": [{"fields": ["recall", "_id"]}]}
    recall = StringField(required=True)
    buyer = StringField(required=True)
    returned_grams = LongField(required=True)
    destroyed_grams = LongField(required=True)
    day = StringField(required=True)
    by = StringField(required=True)
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "召回产品回收登记",
        via=(("recall", recall.COLLECTION),),
        traces=("by", "buyer"),
        at_deletion="restrict",
        because="召回记录须依法留存不少于二年(食品安全法第六十三条)。",
    )
)


class BuyerUnknown(Unprocessable):
    """422: the recall names no such buyer."""

    code = "recall_buyer_unknown"
    zh = "该召回没有这个接收方,请在接收方列表中选择;名单以外的请选“unknown”。"
    en = "The recall names no such buyer. Choose one of its buyers, or `unknown`."

    def __init__(self) -> None:
        super().__init__(fields={"buyer": [self.zh]})


class DayWrong(Unprocessable):
    """422: the day lies before the start or in the future."""

    code = "recall_day_wrong"
    zh = "回收日期应在召回启动之日至今天之间。"
    en = "The day must lie between the start of the recall and today."

    def __init__(self) -> None:
        super().__init__(fields={"day": [self.zh]})


class TooMuchReturned(Conflict):
    """409: more would have come back than went out."""

    code = "recall_too_much"
    zh = "登记的回收和销毁数量合计将超过已流出数量,请核对。"
    en = "More would have come back than went out. Check the amounts."


class StillRunning(Conflict):
    """409: the job of the recall is not done."""

    code = "recall_not_reached"
    zh = "召回仍在逐批处理中,请稍后再办理。"
    en = "The recall is still being carried out. Try again later."


class SumMissing(Conflict):
    """409: less is accounted for than went out, and no reason is given."""

    code = "recall_sum_missing"
    zh = "尚有 {open} 克未登记回收或销毁,请补登记;确实无法收回的,请选择原因后再结束。"
    en = "{open} g are neither returned nor destroyed. Register them, or give the reason."


class LotsUndecided(Conflict):
    """409: lots that went into the goods are held, and nobody has decided about them."""

    code = "recall_lots_undecided"
    zh = "来源批次 {lots} 仍处于冻结,请先解除冻结或对其启动召回。"
    en = "The lots {lots} are still held. Release them or recall them first."


@dataclass(frozen=True)
class Told:
    """What came back from whom."""

    buyer: str
    returned_grams: int
    destroyed_grams: int
    day: date


def report(actor: Staff | Grower, number: str, told: Told) -> dict[str, Any]:
    """Register what came back, or was destroyed where it was.

    Raises:
        NotFound: no such recall of the actor's.
        RecallMoved: it is not under way.
        BuyerUnknown, DayWrong, TooMuchReturned: see there.
    """
    found = _reached(actor, "recall.report", number)
    _require_day(found, told.day)
    made = {
        "_id": ObjectId(),
        "recall": number,
        "buyer": told.buyer,
        "returned_grams": told.returned_grams,
        "destroyed_grams": told.destroyed_grams,
        "day": told.day.isoformat(),
        "by": actor.key,
        "at": clock.now(),
    }
    amounts = {"returned_grams": told.returned_grams, "destroyed_grams": told.destroyed_grams}
    line = entry.line(actor.key, "recall.return", f"recall:{number}", unit=actor.unit, **amounts)

    def change(session: ClientSession) -> None:
        if isinstance(actor, Staff):
            staff.require_acting(actor, line, session)
        _add(found, amounts, session)
        if told.buyer != NOBODY:
            query = {"_id": recall_item.key(number, "buyer", told.buyer)}
            if not RecallItem._get_collection().update_one(query, {"$inc": amounts}, session=session).matched_count:
                raise BuyerUnknown
        RecallReturn._get_collection().insert_one(dict(made), session=session)
        entry.write(line, session)

    transactions.run(change)
    return made


def _reached(actor: Staff | Grower, operation: str, number: str) -> dict[str, Any]:
    return recall.in_reach(actor, operation, number) if isinstance(actor, Staff) else recall.own(actor, number)


def _require_day(found: dict[str, Any], day: date) -> None:
    if found["state"] != "under_way":
        raise RecallMoved
    if not clock.civil(found["started_at"]).date() <= day <= clock.today():
        raise DayWrong


def _add(found: dict[str, Any], amounts: dict[str, int], session: ClientSession) -> None:
    """Count amounts in: one guarded update decides."""
    room = _out(found) - sum(amounts.values())
    within = {"$expr": {"$lte": [{"$add": ["$returned_grams", "$destroyed_grams"]}, room]}}
    guard = {"_id": found["_id"], "state": "under_way", **within}
    if not Recall._get_collection().update_one(guard, {"$inc": amounts}, session=session).matched_count:
        if recall.read(found["_id"], session)["state"] != "under_way":
            raise RecallMoved
        raise TooMuchReturned


def _out(found: dict[str, Any]) -> int:
    """Return what may come back at most: what is gone, and what was packed or used up besides."""
    lots = [one for one in recall_item.each(found["_id"], "lot") if one["role"] != "backward"]
    return int(max(sum(one["grams"] - one["left_grams"] for one in lots), found["counts"]["gone_grams"]))


def open_grams(found: dict[str, Any]) -> int:
    """Return what is gone and neither came back nor was destroyed."""
    return max(0, int(found["counts"]["gone_grams"] - found["returned_grams"] - found["destroyed_grams"]))


def close(actor: Staff | Grower, number: str, short: str = "") -> dict[str, Any]:
    """Close a recall: everything came back or was destroyed, or `short` says why not; a closed one stays so.

    Raises:
        NotFound: no such recall of the actor's.
        RecallMoved: it is not under way.
        StillRunning, LotsUndecided, SumMissing: see there.
    """
    found = _reached(actor, "recall.report", number)
    if isinstance(actor, Grower) and not found["by_grower"]:
        raise RecallMoved
    if found["state"] == "closed":
        return found
    if found["state"] == "under_way":
        _require_over(found, short)
    line = entry.line(actor.key, "recall.close", f"recall:{number}", unit=actor.unit, short=short)
    step, now = recall.step("close", actor.key, **({"short": short} if short else {})), clock.now()
    figures = {name: found[name] for name in ("returned_grams", "destroyed_grams")}

    def change(session: ClientSession) -> dict[str, Any]:
        if isinstance(actor, Staff):
            staff.require_acting(actor, line, session)
        told = {"state": "closed", "closed_at": now} | ({"short": short} if short else {})
        moved = recall.move(number, ("under_way",), step, session, drop=("running",), guard=figures, **told)
        entry.write(line, session)
        return moved

    return transactions.run(change)


def _require_over(found: dict[str, Any], short: str) -> None:
    if "reached_at" not in found:
        raise StillRunning
    held = [one["name"] for one in recall_item.each(found["_id"], "lot") if one.get("outcome") == "held"]
    still = [number for number, state in lot.stopped(held).items() if state == "held"]
    if still:
        raise LotsUndecided(lots="、".join(sorted(still)))
    if not short and (missing := open_grams(found)):
        raise SumMissing(open=missing)


def of_recall(number: str) -> list[dict[str, Any]]:
    """Return what came back, in the order in which it was registered: the first thousand entries."""
    return list(RecallReturn._get_collection().find({"recall": number}).sort("_id", 1).limit(MOST))
