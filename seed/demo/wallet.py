"""The wallet: filled by WeChat Pay, spent at a till by a code, given back by two persons, checked by the auditor."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from seed.demo.cardholders import Counter
from seed.demo.http import Caller, StoryFailed, check
from seed.demo.stage import Stage, somebody, until

SHOP = {"code": "demo-canteen", "name": "演示食堂", "unit": "changzhengyuan"}
TOPPED_UP, PAID, GIVEN_BACK = 5000, 1250, 250
MOST_DAYS = 100


def money_in_the_wallet(stage: Stage) -> Iterator[str]:
    """A resident fills the wallet, pays at a till by a code, and gets a part back; nothing is lost on the way."""
    pocket = Counter(stage).holder(somebody("廖海燕", 1975, 2000))
    pocket.top_up(stage, TOPPED_UP)
    told = pocket.wallet()
    yield f"filled by WeChat Pay: {told['balance_fen'] / 100:.2f} 元 of at most {told['limit_fen'] / 100:.2f} 元"
    full = pocket.phone.post("/mini/v1/wallet/top-ups", {"amount_fen": told["limit_fen"]}, expect=409)
    yield f"beyond the limit: {full['message']}"
    till, code = _till(stage), pocket.code("payment")
    paid = till.send("/gate/v1/charges", {"code": code, "amount_fen": PAID})
    check(paid["result"] == "accepted", "the till takes the money")
    again = till.send("/gate/v1/charges", {"code": code, "amount_fen": PAID})
    check(again["result"] == "replayed", "a code pays once")
    yield f"till: {paid['message']} The same code again: {again['message']}"
    check(pocket.wallet()["balance_fen"] == TOPPED_UP - PAID, "paid once")
    yield from _given_back(stage, paid["transfer"])
    left = TOPPED_UP - PAID + GIVEN_BACK
    until(pocket.wallet, lambda found: found["balance_fen"] == left, "the refund")
    moves = pocket.phone.get("/mini/v1/wallet/transfers")["items"]
    yield "the resident reads: " + ", ".join(f"{one['what_zh']} {_signed(one)}" for one in reversed(moves))


def the_auditor_recomputes_the_books(stage: Stage) -> Iterator[str]:
    """The auditor has the whole ledger computed again, and recomputes the chain of the closed days by hand."""
    auditor = stage.clerk("auditor")
    found = auditor.get("/office/v1/ledger/check")
    check((found["whole"], found["total_fen"]) == (True, 0), "all accounts together hold nothing")
    yield "every balance follows from its transfers; all accounts together: 0.00 元"
    days = auditor.get(f"/office/v1/ledger/days?limit={MOST_DAYS}")["items"][::-1]
    if not days:
        yield "no day is over since the first transfer, so none is closed yet"
        return
    end = days[0]["previous"]
    for one in days:
        check(one["previous"] == end, "each day follows the one before")
        end = _recomputed(auditor.get(f"/office/v1/ledger/days/{one['day']}/proof"), one)
    told = sum(one["transfers"] for one in days)
    yield f"{len(days)} closed days with {told} transfers recomputed line by line, the chain ends in {end[:16]}…"


STORIES: list[Callable[[Stage], Iterator[str]]] = [money_in_the_wallet, the_auditor_recomputes_the_books]


def _till(stage: Stage) -> Any:
    finance: Caller = stage.clerk("chen.demo")
    try:
        finance.post("/office/v1/ledger/merchants", SHOP, expect=201)
    except StoryFailed as refused:
        if "merchant_exists" not in str(refused):
            raise
    return stage.scanner("payment", SHOP["code"], unit=SHOP["unit"])


def _given_back(stage: Stage, transfer: str) -> Iterator[str]:
    first, second = stage.clerk("chen.demo"), stage.clerk("chu.demo")
    body = {"amount_fen": GIVEN_BACK, "reason": "多收一份小菜"}
    proposal = first.post(f"/office/v1/ledger/transfers/{transfer}/refund", body, expect=201)
    own = first.post(f"/office/v1/approvals/{proposal['id']}/approve", expect=409)
    second.post(f"/office/v1/approvals/{proposal['id']}/approve")
    yield f"one of finance proposes {GIVEN_BACK / 100:.2f} 元 back and cannot approve it: {own['message']}"


def _signed(one: dict[str, Any]) -> str:
    return f"{'-' if one['direction'] == 'out' else '+'}{one['amount_fen'] / 100:.2f}"


def _recomputed(proof: bytes, day: dict[str, Any]) -> str:
    """Hash the lines of a day in their order, as docs/ledger_check.py does, and return the end of the chain."""
    *lines, last = proof.splitlines()
    end = bytes.fromhex(day["previous"])
    for line in lines:
        end = hashlib.sha256(end + line).digest()
    check(json.loads(last)["digest"] == end.hex() == day["digest"], f"the chain of {day['day']} holds")
    return end.hex()
