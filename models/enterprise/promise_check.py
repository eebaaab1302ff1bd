"""Checking what a firm promised when its last day is over: the registers are asked anew, the rule decides.

    kept      nothing follows
    broken    what was paid becomes the suggestion of a claw-back; what was not paid yet ends, the budget has it back
    unclear   data are lacking: asked again on the following days, then a person has it checked

Result, suggestion and the end of an unpaid offer are one transaction, so that a kill leaves all or none.
"""

from typing import Any

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict
from backend.store import transactions
from models.audit import entry
from models.enterprise import claw_back, firm_facts, judge, offer, policy, promise
from models.enterprise.firm_facts import FACTS
from models.identity.actors import Staff
from models.registers import fetch
from models.registers.firm_source import FIRM_SOURCES
from models.registers.subject import Subject
from models.rules import evaluate
from models.rules.decision import Decision
from models.rules.evaluate import Bound

log = structlog.get_logger()
SECONDS = 8.0
AWAY_SECONDS = 3600.0
DAY_SECONDS = 24 * 3600.0
MOST_CHECKS = 5
"""So often data that are lacking are asked for by the job; afterwards a person says when."""
_AWAY = ("away", "asking", "not_connected")
_OPEN = ("running", "unclear")


class PromiseNotDue(Conflict):
    """409: the promise was checked, or its time runs still."""

    code = "enterprise_promise_not_due"
    zh = "该承诺目前为“{state_zh}”,不需要或还不能核查;请在承诺期满后再办理。"
    en = "This promise is {state}. It is checked when its time is over."


class RegistersAway(Conflict):
    """409: a register did not answer; nothing was decided."""

    code = "enterprise_promise_registers_away"
    zh = "登记部门系统暂时没有响应,未作核查;请稍后再试。"
    en = "A register did not answer, nothing was checked. Try again later."


def due(promise_id: ObjectId) -> None:
    """Check a promise whose time is over; one that is decided stays. Safe to repeat.

    Raises:
        outbox.Later: a register is away, data are lacking, or a batch is paying the firm at this moment.
    """
    found = promise.read(promise_id)
    if found["state"] not in _OPEN or (found["state"] == "unclear" and found["checks"] >= MOST_CHECKS):
        return
    state = _check(found)
    if state in {"away", "in_batch"}:
        raise outbox.Later(AWAY_SECONDS)
    if state == "unclear" and found["checks"] + 1 < MOST_CHECKS:
        raise outbox.Later(DAY_SECONDS)


def again(actor: Staff, promise_id: ObjectId) -> dict[str, Any]:
    """Check a promise once more that lacked data; return it.

    Raises:
        NotFound: no such promise of the actor's unit.
        PromiseNotDue: it is decided, or its time runs still.
        RegistersAway: a register did not answer.
    """
    found = promise.read(promise_id)
    policy.within(actor, "policy.run", found["policy"])
    if found["state"] != "unclear":
        raise PromiseNotDue(state=found["state"], state_zh=promise.STATES[found["state"]])
    if _check(found, actor) in {"away", "in_batch"}:
        raise RegistersAway
    return promise.read(promise_id)


def _check(found: dict[str, Any], actor: Staff | None = None) -> str:
    """Check a promise and write the result; return its state, or why nothing was decided."""
    rule = evaluate.thawed(found["rule"])
    if not _asked(found["firm"], rule):
        return "away"
    made = _decided(found["firm"], rule)
    state = {"yes": "kept", "no": "broken"}.get(made.outcome, "unclear")
    by = actor.key if actor else "system:enterprise"
    told = {"outcome": state, "rule": found["rule_set"]}
    line = entry.line(by, "enterprise_promise.check", f"promise:{found['_id']}", **told)

    def write(session: ClientSession) -> str:
        if not promise.checked(found, state, made, session):
            return state
        entry.write(line, session)
        return _broken(found, session) if state == "broken" else state

    try:
        result = transactions.run(write)
    except _Paying:
        return "in_batch"
    log.info("enterprise_promise_checked", promise=str(found["_id"]), outcome=result)
    return result


class _Paying(Exception):
    """The offer is in a batch: what follows depends on whether the bank pays."""


def _broken(found: dict[str, Any], session: ClientSession) -> str:
    held = offer.within(found["_id"], session)
    if held["state"] == "in_batch":
        raise _Paying
    if held["state"] == "paid":
        claw_back.suggest(held, session)
    else:
        offer.end(held, "promise_broken", session)
    return "broken"


def _asked(code: str, rule: Bound) -> bool:
    """Have every register asked that the rule reads; return whether all of them answered."""
    kinds = {FACTS[name].of for name in judge.names(rule)}
    sources = [name for name, one in FIRM_SOURCES.items() if kinds & one.gives.keys()]
    about = Subject(organisation=code)
    results = [fetch.ask(name, about, seconds=SECONDS, again=True).result for name in sources]
    return not any(one in _AWAY for one in results)


def _decided(code: str, rule: Bound) -> Decision:
    stated = firm_facts.held([code], clock.today().isoformat())[code]
    return evaluate.decided(rule, judge.given(code, stated, rule))
