"""What 雩企通 adds to the story: firms with facts of the registers, a policy with a run, its lists and its offers."""

from typing import Any

from mongoengine.connection import get_db

from deploy.stack import Stack
from models.enterprise import policy
from tests.dumps.onecard_story import sent
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE, RIGHT, TEXTILE, row
from tests.support.clerk import Clerk
from tests.support.patience import until
from tests.support.phone import Phone
from tests.support.registers import RegistersBox

CODE, BUDGET = "garment_growth", 100_000_000
STAFF = (("clerk", "policy_clerk", kit.UNIT), ("manager", "policy_manager", kit.UNIT))
INSURED = row("staff.insured", "ge", 30)


def tell(stack: Stack, phone: Phone, admin: Clerk) -> dict:
    """Live it and return what later releases must still find."""
    staff = {name: admin.hire(role, unit=unit) for name, role, unit in STAFF}
    clerk, path = staff["clerk"], f"{OFFICE}/policies/{CODE}"
    firms = _firms(stack, clerk)
    first = _opened(clerk, staff["manager"])
    run = _ran(clerk, path)
    same = {"before": first, "after": first}
    comparison = sent(clerk.post(f"{path}/comparisons", same), 202)
    _nothing_left_out()
    told = {"policy": CODE, "firms": firms, "run": run, "comparison": comparison["id"]}
    return told | {"staff": {name: {"login": one.login, "secret": one.secret} for name, one in staff.items()}}


def _firms(stack: Stack, clerk: Clerk) -> list[str]:
    """Two firms that the registers know, one of them too small."""
    box = object.__new__(RegistersBox)
    box.base = stack.env["REGISTERS_BASE"]
    codes = []
    for number, insured in ((71, 32), (72, 20)):
        records = {**RIGHT, "unit_insurance": {**RIGHT["unit_insurance"], "insured_staff": insured}}
        made = box.firm(seed=number, records=records, **{"with": [*RIGHT, "power", "titles"]})
        sent(clerk.post(f"{OFFICE}/firms", {"credit_code": made["credit_code"]}), 201)
        codes.append(made["credit_code"])

    def known() -> bool:
        return all(sent(clerk.get(f"{OFFICE}/firms/{one}"))["items"] for one in codes)

    until(known, seconds=90, what="what the registers know of the firms", pause=0.5)
    return codes


def _opened(clerk: Clerk, manager: Clerk) -> str:
    """Bring the policy from its draft to open, by two persons, and return the version of its conditions."""
    kit.drafted(clerk, CODE)
    kit.written(clerk, CODE, TEXTILE, INSURED)
    asked = sent(clerk.post(f"{OFFICE}/policies/{CODE}/propose", {"reason": "按文件编制"}))
    sent(manager.post(f"/office/v1/approvals/{asked['approval_id']}/approve"))
    kit.funded(manager, CODE, BUDGET)

    def open_() -> Any:
        answer = clerk.post(f"{OFFICE}/policies/{CODE}/open")
        return answer.status_code == 200

    until(open_, seconds=60, what="the open policy", pause=0.5)
    return f"{policy.rule_code(CODE)}:1"


def _ran(clerk: Clerk, path: str) -> dict:
    made = sent(clerk.post(f"{path}/runs"), 202)["id"]

    def done() -> dict | None:
        found = sent(clerk.get(f"{OFFICE}/runs/{made}"))
        return found if found["state"] == "done" else None

    return until(done, seconds=90, what="the run", pause=0.5)


def _nothing_left_out() -> None:
    """Check that each collection of firms and policies holds something."""
    named = ("firms", "policies", "runs", "findings", "offers", "comparisons")
    left = [one for one in named if get_db()[f"enterprise_{one}"].find_one({}, hint="_id_") is None]
    assert not left, left
