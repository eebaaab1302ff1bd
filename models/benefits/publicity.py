"""Publicity (公示): seven working days in which anybody may see who is to get what, with masked names.

    checked ─publish─▶ in_publicity ─the last day is over, by the outbox─▶ publicity_done

The day of the publication does not count. The time decides: the public list ends at its end, the entry only writes
that down. A year's holidays that come in meanwhile move the end, so the entry computes it again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, identity_documents, outbox
from backend.errors import Conflict, NotFound
from backend.identity_documents import BadDocument, age_on, mask_name
from backend.store import paging, transactions
from models.affairs import clock as legal
from models.audit import entry
from models.benefits import batch, finding, line, progress
from models.benefits.batch import BenefitBatch
from models.benefits.kinds import PUBLICITY
from models.benefits.line import BenefitLine
from models.benefits.progress import Turn
from models.identity.actors import Staff, System
from models.identity.person import CHILD_BELOW

SYSTEM = System("benefits")
CHILD_ZH = "未成年人"
"""What stands in a public list in place of a child's name."""


class LinesUnchecked(Conflict):
    """409: lines of the batch still wait for somebody to confirm them."""

    code = "benefit_lines_to_confirm"
    zh = "还有 {number} 条明细待核实:请逐条确认,或选择暂不发放这些明细后再公示。"
    en = "{number} lines wait to be confirmed. Confirm them, or leave them out of this batch."


class NothingToPublish(Conflict):
    """409: no line passed the checks."""

    code = "benefit_nothing_to_publish"
    zh = "该批次没有核验通过的明细,请退回乡镇修改。"
    en = "No line of the batch passed the checks. Send it back to the town."


def publish(actor: Staff, batch_id: ObjectId, *, leave_out_unsettled: bool) -> dict[str, Any]:
    """Make the lines that passed public for seven working days; publishing again changes nothing.

    Raises:
        NotFound: no such batch within the actor's scope.
        BatchStateWrong: it is not checked.
        LinesUnchecked: some lines wait to be confirmed, and nobody said to leave them out.
        NothingToPublish: no line passed.
        SamePerson: the actor submitted it.
    """
    found = batch.reach(actor, "benefit.publish", batch_id)
    if found["state"] == "in_publicity":
        return found
    batch.require_state(found, ("checked",))
    if not found["counts"].get("ok"):
        raise NothingToPublish
    if left := found["counts"].get("to_confirm", 0):
        if not leave_out_unsettled:
            raise LinesUnchecked(number=left)
        _set_aside(actor, found)
    now = clock.now()
    until = legal.deadline(now, PUBLICITY)
    told = {"published_by": actor.key, "publicity_from": now, "publicity_until": until}
    follow = (outbox.entry("affairs", "benefits.publicity_over", due=until, batch=str(batch_id)),)
    return progress.leave(actor, found, Turn("published", "in_publicity", ("checked",), told, follow=follow))


def _set_aside(actor: Staff, found: Mapping[str, Any]) -> None:
    """Leave out of this batch what nobody confirmed; a kill in between leaves the rest for the next call."""
    mark = finding.found("set_aside", clock.now())
    change = {"$set": {"state": "blocked"}, "$push": {"findings": mark, **line.history(actor.key, "set_aside")}}
    audit = entry.line(actor.key, "benefit.set_aside", f"benefit_batch:{found['_id']}", unit=actor.unit)

    def write(session: ClientSession) -> None:
        batch.count(found["_id"], "", "", 0, session, states=("checked",))
        entry.write(audit, session)

    transactions.run(write)
    BenefitLine._get_collection().update_many({"batch": found["_id"], "state": "to_confirm"}, change)
    line.recount(found["_id"])


def over(batch_id: ObjectId) -> None:
    """Let a batch move on to finance when its publicity is over; repeating it changes nothing.

    Raises:
        outbox.Later: a year's holidays came in meanwhile, so the end lies later.
    """
    found = batch.read(batch_id)
    if found["state"] != "in_publicity":
        return
    until, now = legal.deadline(found["publicity_from"], PUBLICITY), clock.now()
    if until != found["publicity_until"]:
        moved = {"$set": {"publicity_until": until}}
        BenefitBatch._get_collection().update_one({"_id": batch_id, "state": "in_publicity"}, moved)
    if now < until:
        raise outbox.Later((until - now).total_seconds())
    progress.leave(SYSTEM, found, Turn("published_in_full", "publicity_done", ("in_publicity",)))


def is_public(found: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether a batch is public at a moment."""
    return bool(found["state"] == "in_publicity" and found["publicity_from"] <= now < found["publicity_until"])


def listed(*, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the batches that are public at this moment, what ends first at the top."""
    query = {"publicity_until": {"$gt": clock.now()}, "state": "in_publicity"}
    found, following = paging.page(
        BenefitBatch._get_collection(), query, sort=("publicity_until", 1), cursor=cursor, limit=limit
    )
    return [brief(one) for one in found], following


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the public sees of a batch."""
    return {
        "id": str(found["_id"]),
        "number": found["number"],
        "item": found["item"],
        "item_zh": found["item_zh"],
        "period": found["period"],
        "unit": found["unit"],
        "unit_zh": found["unit_zh"],
        "lines": found["counts"].get("ok", 0),
        "total_fen": found["sums"].get("ok", 0),
        "publicity_from": _wire(found["publicity_from"]),
        "publicity_until": _wire(found["publicity_until"]),
        "last_day": legal.last_day(found["publicity_until"]).isoformat(),
    }


def read(batch_id: ObjectId) -> dict[str, Any]:
    """Return a batch that is public at this moment.

    Raises:
        NotFound: no such batch, or its time is over.
    """
    found = batch.read(batch_id)
    if not is_public(found, clock.now()):
        raise NotFound
    return found


def lines(found: Mapping[str, Any], *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the public lines of a batch: masked name, village and amount, nothing else; of a child no name.

    A line against which somebody objected stays in the list while that is looked into.
    """
    shown = {"name": 1, "number": 1, "area": 1, "amount_fen": 1, "state": 1}
    public = {"batch": found["_id"], "$or": [{"state": "ok"}, {"findings.code": "objection"}]}
    rows, following = paging.page(
        BenefitLine._get_collection(), public, sort=("_id", 1), cursor=cursor, limit=limit, projection=shown
    )
    items = [
        {
            "id": str(row["_id"]),
            "name_masked": _name(row),
            "area": row.get("area", ""),
            "amount_fen": row["amount_fen"],
            "state": "published" if row["state"] == "ok" else "objected",
        }
        for row in rows
    ]
    return items, following


def _name(row: Mapping[str, Any]) -> str:
    told = line.opened(row)
    return CHILD_ZH if _is_child(told.number) else mask_name(told.name)


def _is_child(number: str) -> bool:
    try:
        birth = identity_documents.parse("resident_id", number).birth_date
    except BadDocument:
        return False
    return birth is not None and age_on(birth, clock.today()) < CHILD_BELOW


def _wire(moment: datetime) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")
