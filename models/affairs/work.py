"""The present piece of work of a case: where it lies, when it is due, and the entry that makes its clock act.

    due − remind ──▶ reminded    due ──▶ the first level sees it    later ──▶ the next level … ──▶ a role of the county

`rung` counts what happened of this; `beat` names the run of the clock, so that entries of a former run do nothing.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import outbox
from models.affairs import clock as legal
from models.affairs import desks, kind
from models.affairs.kind import Kind, Limit, Step
from models.identity import unit as units


def new_clock(limit: Limit, start: datetime) -> dict[str, Any]:
    """Return a clock that starts to run."""
    return {**asdict(limit), "start": start, "given_back": 0, "due": legal.deadline(start, limit)}


def turned_back(told: dict[str, Any], since: datetime, until: datetime) -> dict[str, Any]:
    """Return a clock to which a stop gave its days back."""
    given_back = told["given_back"] + legal.spanned(since, until, limit_of(told))
    return {
        **told,
        "given_back": given_back,
        "due": legal.deadline(told["start"], limit_of(told), given_back=given_back),
    }


def limit_of(told: dict[str, Any]) -> Limit:
    """Return the limit of a stored clock."""
    return Limit(told["days"], told["counted"])


def new_work(step: Step, found: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the work of a step of a case that begins; `found` gives unit, area and the total clock."""
    clock = new_clock(step.limit, now)
    unit = unit_of(step, found)
    return {
        "id": ObjectId(),
        "step": step.code,
        "role": step.role,
        "unit": unit,
        "desks": desks.within(step.role, unit, found["area"]),
        "state": "waiting",
        "clock": clock,
        "due": min(clock["due"], found["clock"]["due"]),
        "rung": 0,
        "urgency": "normal",
    }


def unit_of(step: Step, found: dict[str, Any]) -> str:
    """Return which unit a step of a case is for: a fixed one, the town's of the case's area, or the case's own."""
    town = units.town_of(found["area"]) if step.by_area and found["area"] else None
    return step.unit or town or str(found["unit"])


def ladder(told: Kind, due: datetime) -> list[tuple[datetime, str]]:
    """Return what follows a due time, in order: the reminder under the name "", then the roles that get the work.

    It has the same steps wherever the due time moves, so that a rung goes on meaning the same.
    """
    reminder = legal.moved(due, -told.remind), ""
    return [reminder, *((legal.moved(due, level.after), level.role) for level in told.levels)]


def next_rung(work: dict[str, Any], steps: list[tuple[datetime, str]]) -> int:
    """Return which of the ladder's steps comes next: no reminder of what was due as soon as it began."""
    rung: int = work["rung"]
    return 1 if rung == 0 and steps[0][0] <= work["clock"]["start"] else rung


def running(found: dict[str, Any]) -> dict[str, Any] | None:
    """Return the outbox entry of the next thing that the clock of a running case brings, None after the last."""
    told = kind.read(found["kind"], found["kind_version"])
    steps = ladder(told, found["work"]["due"])
    rung = next_rung(found["work"], steps)
    return beat(found, steps[rung][0]) if rung < len(steps) else None


def beat(found: dict[str, Any], due: datetime) -> dict[str, Any]:
    """Return the entry that looks at a case's clock at `due`."""
    rung = found.get("work", {}).get("rung", 0)
    return outbox.entry("affairs", "affairs.clock", due=due, case=str(found["_id"]), beat=str(found["beat"]), rung=rung)
