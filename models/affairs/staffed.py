"""Whether somebody sits at the desks of a kind: a step on an empty desk would wait until it escalates."""

from typing import Any

from models.affairs.kind import Kind, Step
from models.identity import roles
from models.identity.staff import StaffMember


def problems(told: Kind, unit: str) -> list[str]:
    """Return which steps of a kind nobody could take on at the unit that answers, and which level of escalation."""
    found = [
        f"步骤“{step.zh}”:该单位没有在岗的{roles.ROLES[step.role].zh}。"
        for step in told.steps
        if not _seated(step.role, step.unit or ("" if step.by_area else unit))
    ]
    top = told.levels[-1].role
    if not _seated(top, ""):
        found.append(f"逾期上报:全县没有在岗的{roles.ROLES[top].zh}。")
    lonely = [step for step in told.steps if step.another_person and len(_people(told, step, unit)) == 1]
    return found + [f"步骤“{step.zh}”须由另一人办理,但相关岗位只有一人在岗。" for step in lonely]


def _seated(role: str, unit: str) -> bool:
    return bool(_holders(role, unit, 1))


def _holders(role: str, unit: str, most: int) -> list[Any]:
    anywhere = not unit or roles.ROLES[role].reach == "county"
    at = {"assignments.role": role} if anywhere else {"assignments": {"$elemMatch": {"role": role, "unit": unit}}}
    found = StaffMember._get_collection().find({**at, "state": "active"}, {"_id": 1}).limit(most)
    return [one["_id"] for one in found]


def _people(told: Kind, step: Step, unit: str) -> set[Any]:
    """Return some of those who could take on any step, and this one at the latest when it is overdue."""
    found: set[Any] = set()
    roles_of = {one.role for one in told.steps} | {one.role for one in told.levels}
    for role in sorted(roles_of):
        found |= set(_holders(role, step.unit or unit, 2))
    return found
