"""Batch and case move together: one transaction for the batch's state and its case's step.

create ─▶ town_review ─submit─▶ department_review ─publish─▶ publicity ─over─▶ finance ─approved─▶ end
              ▲  └─cancel─▶ end       │   └─cancel─▶ end          │                │
              └────── send back ──────┴───────────────────────────┴────────────────┘
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox
from backend.errors import Conflict, NotFound
from backend.store import transactions
from models.affairs import case, case_number, desks, kind, open_case, work
from models.affairs.case import Case, Move
from models.affairs.case_errors import SamePerson
from models.affairs.handle import audit
from models.affairs.kind import END, Outcome, Step
from models.affairs.open_case import Matter, Opener
from models.audit import entry
from models.benefits import batch, item, kinds
from models.benefits.batch import BenefitBatch
from models.identity import unit
from models.identity.actors import Staff, System

CANCELLABLE = {"town_review": ("collecting", "returned"), "department_review": ("collecting", "checked")}


class BatchExists(Conflict):
    """409: a batch of this item, period, unit and part exists."""

    code = "benefit_batch_exists"
    zh = "该项目这一期次已有第 {part} 批,请在原批次中补充,或另填批次序号。"
    en = "Part {part} of this item, period and unit exists. Add to it, or name another part."


class NothingCollected(Conflict):
    """409: a batch without lines goes nowhere."""

    code = "benefit_batch_empty"
    zh = "该批次还没有明细,请先导入名单再提交。"
    en = "The batch has no lines yet. Import the list first."


@dataclass(frozen=True)
class Turn:
    """How a batch leaves a step: the outcome, its new state, and what else is told and follows."""

    outcome: str
    state: str
    states: tuple[str, ...]
    told: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    follow: tuple[dict[str, Any], ...] = ()


def create(actor: Staff, code: str, period: str, unit_code: str, part: int = 1) -> dict[str, Any]:
    """Open a batch of an item for a period and a town, with its case, and return it.

    Raises:
        NotFound: no such item, or the unit is outside the actor's scope.
        PeriodWrong: it is not a period of the item.
        BatchExists: there is one already.
    """
    told = item.newest(code)
    item.require_period(told, period)
    town = unit.read(unit_code)
    if not actor.covers("benefit.collect", unit=unit_code, area=town.get("area") or "") or town["state"] != "active":
        raise NotFound
    made, opened = _records(actor, told, period, town, part)
    line = entry.line(actor.key, "benefit.create", f"benefit_batch:{made['_id']}", unit=actor.unit, item=told["_id"])

    def write(session: ClientSession) -> None:
        BenefitBatch._get_collection().insert_one(made, session=session)
        Case._get_collection().insert_one(opened, session=session)
        entry.write(line, session)

    try:
        transactions.run(write)
    except DuplicateKeyError:
        raise BatchExists(part=part) from None
    return made


def _records(
    actor: Staff, told: dict[str, Any], period: str, town: dict[str, Any], part: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    batch_id, area = ObjectId(), town.get("area") or ""
    about = {"batch": batch_id, "item": told["code"], "period": period}
    number = case_number.take(kinds.BATCH.prefix)
    opened = open_case.record(Opener(actor.key, None), kinds.BATCH, Matter(town["_id"], area=area, about=about), number)
    entry_of_clock = work.running(opened)
    opened["outbox"] = [entry_of_clock] if entry_of_clock else []
    made = {
        "_id": batch_id,
        "number": number,
        "item": told["code"],
        "item_id": told["_id"],
        "item_zh": told["zh"],
        "period": period,
        "unit": town["_id"],
        "unit_zh": town["name"],
        "area": area,
        "department": told["unit"],
        "part": part,
        "state": "collecting",
        "step": "town_review",
        "case": opened["_id"],
        "counts": {},
        "sums": {},
        "moves": 0,
        "created_by": actor.key,
        "created_at": opened["opened_at"],
        "outbox": [],
    }
    return made, opened


def leave(actor: Staff | System, found: Mapping[str, Any], turn: Turn) -> dict[str, Any]:
    """Let a batch leave the step in which it is, by an outcome of that step; return the batch as it is then.

    Raises:
        BatchStateWrong: the batch is in none of the turn's states, or its step has no such outcome.
        SamePerson: the step wants another person.
    """
    wanted = {"step": found["step"]}

    def move(matter: dict[str, Any]) -> Move:
        told = kind.read(matter["kind"], matter["kind_version"])
        if matter.get("work", {}).get("step") != wanted["step"]:
            raise batch.BatchStateWrong(batch.read(found["_id"]))
        step = told.step(wanted["step"])
        outcome = next((one for one in step.outcomes if one.code == turn.outcome), None)
        if outcome is None:
            raise batch.BatchStateWrong(batch.read(found["_id"]))
        _require_another(actor, step, matter)
        following = None if outcome.to == END else told.step(outcome.to)
        carried = _carried(found, step, following, turn)
        return _move(actor, matter, following, outcome, carried, unit_code=_unit_of(following, found), text=turn.text)

    case.change(found["case"], move)
    for follow in turn.follow:
        outbox.wake(follow["queue"])
    return batch.read(found["_id"])


def _carried(
    found: Mapping[str, Any], step: Step, following: Step | None, turn: Turn
) -> Callable[[ClientSession], None]:
    told = {**turn.told, "step": following.code if following else ""}

    def carry(session: ClientSession) -> None:
        batch.move(
            found["_id"], turn.states, turn.state, told=told, step=step.code, follow=turn.follow, session=session
        )

    return carry


def _unit_of(step: Step | None, found: Mapping[str, Any]) -> str:
    """Return whose step it is: the department's of the item, or the town's."""
    return str(found["department"] if step and step.role == kinds.DEPARTMENT else found["unit"])


def _require_another(actor: Staff | System, step: Step, matter: Mapping[str, Any]) -> None:
    if step.another_person and actor.key in matter["workers"]:
        raise SamePerson


def _move(
    actor: Staff | System,
    matter: dict[str, Any],
    following: Step | None,
    outcome: Outcome,
    carried: Callable[[ClientSession], None],
    *,
    unit_code: str,
    text: str,
) -> Move:
    left = {"step": matter["work"]["step"], "outcome": outcome.code}
    told, changes = {"unit": actor.unit if isinstance(actor, Staff) else "", **left}, dict[str, Any]()
    if isinstance(actor, Staff):
        changes["audit"] = audit(actor, "decided" if following is None else "stepped", matter, **left)
    add: dict[str, Any] = {"workers": [actor.key]}
    if following is None:
        ended = {"state": "closed", "closed_at": clock.now()}
        decision = _decision(actor, matter, outcome, text)
        return Move(
            "decided", actor.key, set=ended, unset=("work", "beat"), push={"decisions": decision}, add=add, told=told,
            within=(carried,), **changes,
        )  # fmt: skip
    present = work.new_work(following, {**matter, "unit": unit_code}, clock.now())
    after = {**matter, "work": present, "beat": ObjectId()}
    entry_of_clock = work.running(after)
    add["desks"] = [desks.desk(following.role, present["unit"])]
    return Move(
        "stepped", actor.key, set={"work": present, "beat": after["beat"]}, add=add, text=text,
        told={**told, "to": following.code}, follow=(entry_of_clock,) if entry_of_clock else (),
        within=(carried,), **changes,
    )  # fmt: skip


def _decision(actor: Staff | System, matter: Mapping[str, Any], outcome: Outcome, text: str) -> dict[str, Any]:
    part = ObjectId()
    return {
        "id": part,
        "step": matter["work"]["step"],
        "outcome": outcome.code,
        "reason": case.seal(matter["_id"], "decisions.reason", part, text or outcome.zh),
        "rule": "",
        "attachments": [],
        "by": actor.key,
        "unit": actor.unit if isinstance(actor, Staff) else "",
        "at": clock.now(),
    }


def submit(actor: Staff, batch_id: ObjectId) -> dict[str, Any]:
    """Hand a collected batch to the department; from then on its lines stay as they are. Again changes nothing.

    Raises:
        NotFound: no such batch within the actor's scope.
        NothingCollected: it has no lines.
        BatchStateWrong: it is elsewhere.
    """
    found = batch.reach(actor, "benefit.collect", batch_id)
    if found["step"] == "department_review" and found["state"] == "collecting":
        return found
    batch.require_state(found, batch.OPEN_FOR_LINES)
    if not batch.total(found)[0]:
        raise NothingCollected
    turn = Turn("submitted", "collecting", batch.OPEN_FOR_LINES, {"submitted_by": actor.key})
    return leave(actor, found, turn)


def send_back(actor: Staff, batch_id: ObjectId, reason: str) -> dict[str, Any]:
    """Send a batch back to its town, with the reason; what is public is withdrawn with it. Again changes nothing.

    Raises:
        NotFound: no such batch within the actor's scope.
        BatchStateWrong: it is with the town, or at the bank.
    """
    found = batch.reach(actor, "benefit.check", batch_id)
    if found["state"] == "returned":
        return found
    return returned(actor, found, reason, ("collecting", "checked", "in_publicity", "publicity_done"))


def returned(actor: Staff | System, found: Mapping[str, Any], reason: str, states: tuple[str, ...]) -> dict[str, Any]:
    """Return a batch from one of `states` to its town.

    Raises:
        BatchStateWrong: it is in none of them.
    """
    batch.require_state(found, states)
    return leave(actor, found, Turn("returned", "returned", states, text=reason))


def cancel(actor: Staff, batch_id: ObjectId, reason: str) -> dict[str, Any]:
    """Cancel a batch before it is published; its lines count nowhere any more. Again changes nothing.

    Its town may until it submits the batch, the department at any time before.

    Raises:
        NotFound: no such batch within the actor's scope.
        BatchStateWrong: it was published.
    """
    found = batch.reach(actor, "benefit.cancel", batch_id)
    if found["state"] == "cancelled":
        return found
    mine = found["step"] == "town_review" or batch.covers(actor, "benefit.check", found)
    states = CANCELLABLE.get(found["step"], ()) if mine else ()
    batch.require_state(found, states)
    return leave(actor, found, Turn("cancelled", "cancelled", states, text=reason))
