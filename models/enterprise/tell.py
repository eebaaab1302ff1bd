"""Telling a firm of what policies found: what it is offered, what is still to be confirmed, which data are lacking.

Owners, managers and the agents whose scope holds `offers` hear of it. The entries ride on the offer and on the finding;
each news is one of a firm and policy (of what is lacking: of a firm and run), however often a batch is repeated.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from backend import clock, outbox
from models.enterprise import judge, policy
from models.enterprise.finding import Finding
from models.enterprise.offer import Offer
from models.identity import member_accounts, organisation
from models.messaging import notice

REMINDED = timedelta(days=7)
"""A *house rule*: so long before a policy's last day a firm is reminded."""
_MORNING = 9 * 60
SCOPE = "offers"
MOST_LACKS = 3
_FEN = 100


def offer_entries(terms: Mapping[str, Any], code: str) -> list[dict[str, Any]]:
    """Return what an offer carries by which its firm hears of it, and of the policy's end when it did not confirm."""
    args = {"policy": terms["_id"], "firm": code}
    told = [outbox.entry("notify", "enterprise.tell_offered", **args)]
    if terms.get("valid_to"):
        due = clock.at(date.fromisoformat(terms["valid_to"]) - REMINDED, _MORNING)
        if due > clock.now():
            told.append(outbox.entry("notify", "enterprise.remind_offered", due=due, **args))
    return told


def lacking_entry(finding_id: str) -> dict[str, Any]:
    """Return what a finding carries by which its firm hears of what is lacking."""
    return outbox.entry("notify", "enterprise.tell_lacking", finding=finding_id)


def offered(code: str, firm: str, *, kind: str = "policy_offered") -> None:
    """Tell a firm of an offer that it can confirm now; again tells nobody twice."""
    terms = policy.read(code)
    found = Offer._get_collection().find_one({"policy": code, "firm": firm, "state": "offered"})
    if found is None or terms["state"] != "open" or judge.out_of_time(terms, clock.today()):
        return
    values = {"policy": terms["title"], "what": _what(terms, found), "until": terms.get("valid_to") or "政策停止受理前"}
    _tell(firm, kind, str(found["_id"]), values)


def _what(terms: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    if not policy.pays(terms):
        return "政策支持"
    fen = found["amount_fen"]
    return f"资金 {fen // _FEN}.{fen % _FEN:02d} 元"


def lacking(finding_id: str) -> None:
    """Tell a firm which data a run lacked of it, and whose they are; again tells nobody twice."""
    found = Finding._get_collection().find_one({"_id": finding_id, "verdict": "lacking"}, {"decision": 0})
    if found is None:
        return
    terms = policy.read(found["policy"])
    lacks = [f"{one['zh']}({one['whose_zh']}:{one['why_zh']})" for one in found["lacks"][:MOST_LACKS]]
    more = "等" if len(found["lacks"]) > MOST_LACKS else ""
    values = {"policy": terms["title"], "lacks": "、".join(lacks) + more}
    _tell(found["firm"], "policy_lacking", finding_id, values)


def _tell(firm: str, kind: str, key: str, values: Mapping[str, str]) -> None:
    joined = organisation.by_code(firm)
    if joined is None or joined["state"] != "active":
        return
    for account_id in member_accounts.of_scope(joined["_id"], SCOPE):
        notice.tell(account_id, kind, key=key, values=values)
