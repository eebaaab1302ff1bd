"""Firms with their registers and the offices of policies, over HTTP."""

from bson import ObjectId

from models.identity.organisation import Organisation
from tests.selenium.grower_kit import Firm, firm
from tests.support import affairs, queues
from tests.support.clerk import Clerk

OFFICE = "/office/v1/enterprise"
UNIT = "industry_information"
RIGHT = {
    "unit_insurance": {
        "staff_total": 40,
        "insured_staff": 32,
        "paid_months": 24,
        "layoff_rate": "3.5",
        "premiums_fen": 1_000_001,
        "target_hires_rate": "30",
        "contract_years": 1,
        "certified_5": 3,
    },
    "statistics": {
        "city": "360700",
        "industry_code": "18",
        "industry": "纺织服装、服饰业",
        "size": "small",
        "above_scale": True,
        "legal_person": True,
    },
    "tax": {"city": "360700", "grade": "A", "year": 2025, "paid_fen": 5_000_000, "in_arrears": False},
    "patents": {
        "patents": [
            {"number": "ZL2024100000001", "type": "inv", "granted_on": "2024-05-20"},
            {"number": "ZL2024200000002", "type": "util", "granted_on": "2024-08-20"},
            {"number": "ZL2025200000003", "type": "util", "granted_on": "2025-08-20"},
        ]
    },
    "credit": {"dishonest": False, "zombie": False},
}


def joined(client, sandbox, name: str = "于都县演示服装有限公司") -> Firm:
    return firm(client, sandbox, name=name)


def code_of(made: Firm) -> str:
    return Organisation._get_collection().find_one({"_id": ObjectId(made.id)})["credit_code"]


def known(box, made: Firm, *, without: tuple[str, ...] = (), **changed) -> str:
    """Let the registers know a firm, all of them but those named; return its credit code."""
    code = code_of(made)
    records = {name: {**RIGHT.get(name, {}), **changed.get(name, {})} for name in {*RIGHT, *changed}}
    sources = ("tax", "unit_insurance", "power", "statistics", "patents", "titles", "credit")
    told = {"with": [one for one in sources if one not in without], "records": records}
    box.firm(credit_code=code, name="于都县演示服装有限公司", seed=7, **told)
    return code


def asked(made: Firm) -> None:
    """Let a firm have the registers asked, and the queue ask them."""
    answer = made.post("/firm/refresh")
    assert answer.status_code == 202, answer.json
    queues.drain("affairs")


def file_of(made: Firm) -> dict[str, dict]:
    """Return the facts of a firm's own file that come once, by kind."""
    return {one["kind"]: one for one in made.get("/firm").json["items"]}


def clerk(client, unit: str = UNIT) -> Clerk:
    return affairs.seat(client, "policy_clerk", unit=unit)


def manager(client, unit: str = UNIT) -> Clerk:
    return affairs.seat(client, "policy_manager", unit=unit)


FRAME = {
    "title": "规上纺织服装企业扩产奖励",
    "category": "工业",
    "source": {"title": "演示文件", "clause": "第三条", "document": "演示〔2026〕1号"},
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "money": {"kind": "fixed", "fen": 500_000},
}


def row(fact: str, operator: str, value) -> dict:
    return {"fact": fact, "operator": operator, "value": value}


ABOVE_SCALE = {"fact": "statistics.above_scale", "operator": "eq", "value": True}
TEXTILE = row("statistics.industry_code", "prefix", ["17", "18"])


def form(*rows: dict, logic: str = "all", groups=()) -> dict:
    return {"logic": logic, "rows": list(rows), "groups": list(groups)}


def drafted(by: Clerk, code: str, **told) -> dict:
    answer = by.post(f"{OFFICE}/policies", {"code": code, **FRAME, **told})
    assert answer.status_code == 201, answer.json
    return answer.json


def written(by: Clerk, code: str, *rows: dict, **told) -> dict:
    """Write conditions and return the version."""
    answer = by.call("PUT", f"{OFFICE}/policies/{code}/conditions", {"conditions": form(*rows), **told})
    assert answer.status_code == 200, answer.json
    return answer.json


def agreed(by: Clerk, other: Clerk, code: str) -> None:
    """Propose the draft of the conditions and let another person agree."""
    answer = by.post(f"{OFFICE}/policies/{code}/propose", {"reason": "按文件编制"})
    assert answer.status_code == 200, answer.json
    decided = other.post(f"/office/v1/approvals/{answer.json['approval_id']}/approve")
    assert decided.status_code == 200, decided.json
    queues.drain("trust")


def funded(other: Clerk, code: str, fen: int) -> dict:
    answer = other.call("PUT", f"{OFFICE}/policies/{code}/budget", {"budget_fen": fen})
    assert answer.status_code == 200, answer.json
    return answer.json


def opened(by: Clerk, other: Clerk, code: str, *rows: dict, budget: int = 100_000_000, **told) -> dict:
    """Bring a policy from draft to open and return it."""
    drafted(by, code, **told)
    written(by, code, *(rows or (TEXTILE,)))
    agreed(by, other, code)
    if budget:
        funded(other, code, budget)
    answer = by.post(f"{OFFICE}/policies/{code}/open")
    assert answer.status_code == 200, answer.json
    return answer.json
