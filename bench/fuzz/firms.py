"""What members of firms and the policy office need: a policy, a run that found the firms, offers."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from bson import ObjectId

from backend import clock
from bench.fuzz.bureau import Bureau, soon
from bench.fuzz.cast import NEIGHBOUR, RESIDENT, Cast
from models.enterprise.offer import Offer
from models.identity import organisation

UNIT, POLICY = "industry_information", "fuzz_award"
OFFICE = "/office/v1/enterprise"
BUDGET_FEN = 1_000_000_000
FRAME = {
    "code": POLICY,
    "title": "规上纺织服装企业扩产奖励",
    "category": "工业",
    "source": {"title": "演示文件", "clause": "第三条", "document": "演示〔2026〕1号"},
    "money": {"kind": "fixed", "fen": 500_000},
}
HERE = {"logic": "all", "groups": [], "rows": [{"fact": "firm.division", "operator": "prefix", "value": ["3607"]}]}


def make(base: str, casts: Iterable[Cast]) -> None:
    """Open a policy that finds every firm of the casts, run it, and tell each cast its firms and offers."""
    office = Bureau(base, ("policy_clerk", UNIT), ("policy_manager", UNIT))
    path = f"{OFFICE}/policies/{POLICY}"
    office.call("POST", f"{OFFICE}/policies", FRAME | days())
    office.call("PUT", f"{path}/conditions", {"conditions": HERE})
    office.agreed(f"{path}/propose", {"reason": "按文件编制"})
    office.call("PUT", f"{path}/budget", {"budget_fen": BUDGET_FEN}, token=office.second)
    soon(lambda: office.call("GET", path)["versions"][0]["state"] == "active", "the agreement on the conditions")
    office.call("POST", f"{path}/open")
    run = office.call("POST", f"{path}/runs")["id"]
    soon(lambda: office.call("GET", f"{OFFICE}/runs/{run}")["state"] == "done", "the run")
    for players in casts:
        players.enterprise = _found(players) | {"runs": [run]}


def days() -> dict[str, str]:
    """Return the period of a policy of this year and the next."""
    year = clock.today().year
    return {"valid_from": f"{year}-01-01", "valid_to": f"{year + 1}-12-31"}


def _found(players: Cast) -> dict[str, list[Any]]:
    kept: dict[str, list[Any]] = defaultdict(list)
    for name in (RESIDENT, NEIGHBOUR):
        told = organisation.read(ObjectId(players[name].organisation))
        kept["credit_codes"].append(told["credit_code"])
        offers = Offer._get_collection().find({"firm": told["credit_code"]}, {"_id": 1})
        kept["enterprise_offers"] += [str(one["_id"]) for one in offers]
    return kept
