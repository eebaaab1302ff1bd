"""A garment firm that policies find: bound, found by two, one is published, one paid; a third is appealed."""

import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from backend import clock
from seed.demo import selenium_firm
from seed.demo.http import check
from seed.demo.selenium_firm import Firm
from seed.demo.stage import Stage, until

OFFICE = "/office/v1/enterprise"
FUND, PUT_IN = "fund:enterprise", 10_000_000
REWARD = 500_000
SECONDS = 60
ANSWERER = "yu.demo"
"""Who answers the appeals of firms at the bureau of industry."""
SOURCES = ("tax", "unit_insurance", "statistics", "credit")
KNOWN = {
    "unit_insurance": {"staff_total": 40, "insured_staff": 32},
    "statistics": {"city": "360700", "industry_code": "18", "size": "small", "above_scale": True},
}
ROWS = (
    {"fact": "statistics.industry_code", "operator": "prefix", "value": ["17", "18"]},
    {"fact": "staff.insured", "operator": "ge", "value": 30},
)


def a_garment_firm_is_found_and_paid(stage: Stage) -> Iterator[str]:
    """Two policies find a garment firm; one is public first, one is paid at once; a third it appeals."""
    run = secrets.token_hex(3)
    own = yield from _founded(stage, run)
    quick, slow = f"demo_{run}_quick", f"demo_{run}_slow"
    for code, title, terms in (
        (quick, "纺织服装企业即申即享奖励", {"skip_publicity": True, "pay_within": 3}),
        (slow, "纺织服装企业扩产奖励", {}),
    ):
        yield _opened(stage, code, title, terms, ROWS)
    told = until(lambda: _offers(own), lambda found: {quick, slow} <= found.keys(), "both offers", seconds=SECONDS)
    yield "the firm did nothing and is found by both: " + ";".join(told[code]["title"] for code in (quick, slow))
    account = {"bank": "于都农村商业银行", "number": f"6217{secrets.randbelow(10**15):015d}", "holder": own.name}
    taken = [own.post(f"/offers/{told[c]['id']}/confirm", {"account": account}, expect=200) for c in (quick, slow)]
    yield f"one tap each: {taken[0]['state_zh']}, to be paid by {taken[0]['pay_by'][:10]}; {taken[1]['state_zh']}"
    yield _published(stage, slow, own)
    yield from _paid(stage, quick, own, account["number"])
    yield from _appealed(stage, f"demo_{run}_large", own)


STORIES: list[Callable[[Stage], Iterator[str]]] = [a_garment_firm_is_found_and_paid]


def _founded(stage: Stage, run: str) -> Generator[str, None, Firm]:
    for told in selenium_firm.founded(stage, f"演示{run}服装有限公司", "刘裁云"):
        if isinstance(told, str):
            yield told
    assert isinstance(told, Firm)
    own = told
    registers = {"with": list(SOURCES), "records": KNOWN}
    stage.register("/firms", {"credit_code": own.credit_code, "name": own.name, "owner": own.owner, **registers})
    own.post("/firm/refresh", expect=202)
    until(
        lambda: own.get("/firm")["items"],
        lambda found: len(found) >= len(SOURCES),
        "the registers' answers",
        seconds=SECONDS,
    )
    yield "its own file: what tax, insurance, statistics and credit registers say, each with source and day"
    return own


def _opened(stage: Stage, code: str, title: str, terms: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str:
    """Let the policy's office write a policy that another person agrees on, open it and look through all firms."""
    clerk, manager = stage.clerk("policy_clerk"), stage.clerk("policy_manager")
    path, today = f"{OFFICE}/policies/{code}", clock.today().isoformat()
    frame = {"code": code, "title": title, "category": "工业", "source": {"title": "演示文件"}, "valid_from": today}
    clerk.post(f"{OFFICE}/policies", {**frame, "money": {"kind": "fixed", "fen": REWARD}}, expect=201)
    form = {"logic": "all", "rows": list(rows)}
    sentence = clerk.call("PUT", f"{path}/conditions", {"conditions": form})["sentence"]
    asked = clerk.post(f"{path}/propose", {"reason": "按文件编制"})["approval_id"]
    manager.post(f"/office/v1/approvals/{asked}/approve")
    until(lambda: clerk.get(path), lambda one: one["state"] == "approved", "the approval", seconds=SECONDS)
    manager.call("PUT", f"{path}/budget", {"budget_fen": PUT_IN})
    shown = manager.call("PUT", f"{path}/payout-terms", terms)
    clerk.post(f"{path}/open")
    clerk.post(f"{path}/runs", expect=202)
    public = "without publicity" if shown["skip_publicity"] else f"public for {shown['publicity_zh']}"
    return f"{title}: {sentence}; {public}"


def _offers(own: Firm) -> dict[str, dict[str, Any]]:
    return {one["policy"]: one for one in own.get("/offers")["items"] if one["state"] == "offered"}


def _published(stage: Stage, code: str, own: Firm) -> str:
    made = stage.clerk("policy_clerk").post(f"{OFFICE}/policies/{code}/publicities", expect=201)
    shown = stage.anybody.get(f"/public/v1/enterprise/publicities/{made['id']}?limit=100")
    check(own.name in {one["name"] for one in shown["items"]}, "anybody reads who is to be paid")
    return f"public until {made['last_day']}: {made['firms']} firms, {made['total_fen'] / 100:.2f} 元"


def _paid(stage: Stage, code: str, own: Firm, account: str) -> Iterator[str]:
    first, second = stage.clerk("bao.demo"), stage.clerk("cui.demo")
    _filled(stage)
    made = first.post(f"{OFFICE}/policies/{code}/payouts", {"reason": "即申即享,按时拨付"}, expect=201)
    alone = first.post(f"/office/v1/approvals/{made['approval_id']}/approve", expect=409)
    yield f"finance proposes batch {made['number']}; the proposer's own approval: {alone['message']}"
    second.post(f"/office/v1/approvals/{made['approval_id']}/approve")
    read = f"{OFFICE}/payouts/{made['number']}"
    told = until(lambda: first.get(read), lambda one: one["state"] == "settled", "the bank's answer", seconds=SECONDS)
    mine = next(one for one in own.get("/offers")["items"] if one["policy"] == code)
    check(mine["state"] == "paid", "the firm reads that it is paid")
    check(stage.bank("/lookups", {"number": account})["balance_fen"] == REWARD, "the bank has booked it")
    yield f"a second person agrees; the bank paid {told['posted_fen'] / 100:.2f} 元, the firm reads: {mine['state_zh']}"


def _appealed(stage: Stage, code: str, own: Firm) -> Iterator[str]:
    """A third policy wants more insured staff than the firm has; the firm reads why, asks, is answered, and rates."""
    more = ({"fact": "staff.insured", "operator": "ge", "value": 33},)
    yield _opened(stage, code, "稳岗扩岗大户奖励", {}, more)
    told = own.get(f"/policies/{code}/verdict")
    check(told["verdict"] == "not_eligible", "the third policy does not reach the firm")
    yield f"a third policy, and why not: {told['why_zh']}"
    form = own.get("/service-items/enterprise_appeal")
    answers = {"subject": "policy", "policy": code, "title": "参保人数有误", "phone": "13800000000"}
    wrong = {"version": form["version"], "answers": answers}
    refused = own.post("/service-items/enterprise_appeal/cases", wrong, expect=422)
    yield f"an appeal that leaves something out: {refused['message']}"
    answers |= {"contact": "刘裁云", "content": "本月新招一名工人已参保,登记信息还没有更新,请核对。"}
    case = own.post("/service-items/enterprise_appeal/cases", wrong | {"answers": answers}, expect=201)
    yield f"the firm appeals: {case['number']}, {case['step_zh']}, by {case['due_day']}"
    desk, path = stage.clerk(ANSWERER), f"/office/v1/cases/{case['id']}"
    for outcome in ("accepted", "explained"):
        desk.post(f"{path}/claim")
        desk.post(f"{path}/decide", {"outcome": outcome, "reason": "参保登记次月更新,更新后系统自动再次比对。"})
    read = own.get(f"/cases/{case['id']}")
    check(read["state"] == "decided", "the firm reads the answer")
    rated = own.post(f"/cases/{case['id']}/rating", {"stars": 5, "tags": ["fast"], "text": "答复很清楚"}, expect=201)
    yield f"answered and rated by the firm: {rated['stars_zh']}"


def _filled(stage: Stage) -> None:
    """Put money into the fund: one of finance proposes the posting, another one agrees."""
    first, second = stage.clerk("chen.demo"), stage.clerk("chu.demo")
    body = {"source": "clearing:county", "target": FUND, "amount_fen": PUT_IN, "reason": "拨入惠企资金"}
    asked = first.post("/office/v1/ledger/transfers", body, expect=201)
    second.post(f"/office/v1/approvals/{asked['id']}/approve")
    read = f"/office/v1/approvals/{asked['id']}"
    until(lambda: second.get(read).get("outcome"), bool, "the money in the fund", seconds=SECONDS)
