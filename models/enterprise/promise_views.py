"""Promises and claw-backs as firms and offices see them. Plain dicts."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import clock
from models.enterprise import claw_back, firm, policy, promise
from models.identity.actors import Member, Staff
from models.rules import evaluate


def _time(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a promise with how it stands."""
    told = {"id": str(found["_id"]), "policy": found["policy"], "credit_code": found["firm"], "until": found["until"]}
    told |= {"text_zh": found["text"], "state": found["state"], "state_zh": promise.STATES[found["state"]]}
    told |= {"promised_at": _time(found["promised_at"]), "rule_set": found["rule_set"], "checks": found["checks"]}
    told |= {"checked_at": _time(found["checked_at"])} if found.get("checked_at") else {}
    return told | ({"why_zh": found["why_zh"]} if found.get("why_zh") else {})


def own(member: Member, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what the member's firm promised, with what it owes."""
    rows, following = promise.of_firm(member.organisation["credit_code"], cursor=cursor, limit=limit)
    owed = claw_back.several([one["_id"] for one in rows])
    return [brief(one) | _owed(owed.get(one["_id"])) for one in rows], following


def _owed(found: Mapping[str, Any] | None) -> dict[str, Any]:
    if found is None or not found.get("agreed_at"):
        return {}
    return {"claw_back": claimed(found)}


def of_policy(
    actor: Staff, code: str, state: str, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the promises of a policy in one state.

    Raises:
        NotFound: no such policy of the actor's unit.
    """
    policy.within(actor, "policy.read", code)
    rows, following = promise.of_policy(code, state, cursor=cursor, limit=limit)
    names = firm.several([one["firm"] for one in rows])
    return [brief(one) | {"name": names.get(one["firm"], {"name": ""})["name"]} for one in rows], following


def explained(actor: Staff, promise_id: ObjectId) -> dict[str, Any]:
    """Return a promise with the reasons of its check, made again from the record that was kept then.

    Raises:
        NotFound: no such promise of a policy of the actor's unit.
    """
    found = promise.read(promise_id)
    policy.within(actor, "policy.read", found["policy"])
    told = brief(found) | {"name": firm.several([found["firm"]]).get(found["firm"], {"name": ""})["name"]}
    record = promise.record_of(found)
    if record is None:
        return told
    made = evaluate.replay(record)
    return told | {"trace": made.trace, "why_zh": made.why_zh, "replays": made.record() == record}


def claimed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claw-back with what came back."""
    told = {"id": str(found["_id"]), "policy": found["policy"], "credit_code": found["firm"], "fund": found["fund"]}
    told |= {"amount_fen": found["amount_fen"], "paid_fen": found["paid_fen"], "state": found["state"]}
    told |= {"state_zh": claw_back.STATES[found["state"]], "at": _time(found["at"])}
    told |= {"approval_id": str(found["approval"])} if found.get("approval") else {}
    told |= {name: _time(found[name]) for name in ("agreed_at", "settled_at", "waived_at") if found.get(name)}
    repaid = [
        {"paper": one["paper"], "way": one["way"], "way_zh": claw_back.WAYS[one["way"]], "fen": one["fen"]}
        | {"at": _time(one["at"])}
        for one in found["repayments"]
    ]
    return told | {"repayments": repaid}
