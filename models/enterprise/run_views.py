"""Runs, their three lists and the offers that follow, as offices and firms see them. Plain dicts."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import clock, jobs
from backend.identity_documents import mask_name
from models.audit import access_line
from models.enterprise import (
    finding,
    firm,
    firm_facts,
    judge,
    offer,
    payout_terms,
    payout_views,
    policy,
    promise,
    run,
)
from models.identity import person
from models.identity.actors import Member, Staff
from models.rules import evaluate

PURPOSE = "enterprise_service"
_FIELDS = ("person.name", "enterprise.account")
_TAIL = 4


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run with its counts."""
    told = {"id": str(found["_id"]), "policy": found["policy"], "day": found["day"], "rule_set": found["rule_set"]}
    told |= {"state": found["state"], "state_zh": run.STATES[found["state"]], "job_id": str(found["job"])}
    told |= {"started_at": _time(found["started_at"]), "eligible_fen": found["eligible_fen"]}
    told |= {
        "counts": [
            {"verdict": one, "verdict_zh": judge.VERDICTS[one], "count": found["counts"].get(one, 0)}
            for one in judge.JUDGED
        ]
    }
    return told | ({"finished_at": _time(found["finished_at"])} if found.get("finished_at") else {})


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run with how far it is."""
    job = jobs.read(found["job"])
    return brief(found) | {"done": job["done"], "total": job["total"]}


def _time(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")


def findings(
    actor: Staff, run_id: ObjectId, verdict: str, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of one of the three lists of a run.

    Raises:
        NotFound: no such run, or of another unit's policy.
    """
    run.read(actor, run_id)
    rows, following = finding.listed(run_id, verdict, cursor=cursor, limit=limit)
    names = firm.several([one["firm"] for one in rows])
    return [_finding(one) | {"name": names.get(one["firm"], {"name": ""})["name"]} for one in rows], following


def _finding(found: Mapping[str, Any]) -> dict[str, Any]:
    told = {"credit_code": found["firm"], "verdict": found["verdict"], "verdict_zh": judge.VERDICTS[found["verdict"]]}
    told |= {"amount_fen": found["amount_fen"], "lacks": found["lacks"]}
    return told | ({"why_zh": found["why_zh"]} if found.get("why_zh") else {})


def explained(actor: Staff, run_id: ObjectId, code: str) -> dict[str, Any]:
    """Return what a run found of a firm, with the reasons made again from the record that was kept then.

    Raises:
        NotFound: no such run, or of another unit's policy, or no such finding.
    """
    going = run.read(actor, run_id)
    found = finding.read(run_id, code)
    record = finding.record_of(going, found)
    again = evaluate.replay(record)
    told = _finding(found) | {"name": firm.several([code]).get(code, {"name": ""})["name"]}
    told |= {"why_zh": again.why_zh, "trace": again.trace, "rule_set": going["rule_set"]}
    return told | {"replays": again.record() == record, "day": going["day"]}


def own_verdict(member: Member, code: str) -> dict[str, Any]:
    """Return how a policy that is open or was comes out for the member's own firm now; nothing is stored.

    Raises:
        NotFound: no such policy that firms see.
        NotInForce: its conditions do not count today.
    """
    terms, day, mine = policy.read_public(code), clock.today(), member.organisation["credit_code"]
    over = judge.out_of_time(terms, day)
    if over:
        return {"verdict": over, "verdict_zh": judge.VERDICTS[over], "lacks": []}
    rule = judge.bound(terms, day)
    stated = firm_facts.held([mine], day.isoformat())[mine]
    given = judge.given(mine, stated, rule)
    made = judge.judge(terms, rule, given)
    told = {"verdict": made.verdict, "verdict_zh": judge.VERDICTS[made.verdict], "amount_fen": made.amount_fen}
    return told | {"lacks": list(made.lacks), "why_zh": evaluate.decided(rule, given).why_zh}


def own_offers(member: Member, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the offers of the member's firm, newest first."""
    rows, following = offer.of_firm(member.organisation["credit_code"], cursor=cursor, limit=limit)
    terms = policy.several([one["policy"] for one in rows])
    return [offered(one, terms[one["policy"]]) for one in rows], following


def offered(found: Mapping[str, Any], terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return an offer as the firm sees it, the account by its last digits."""
    told = {"id": str(found["_id"]), "policy": found["policy"], "title": terms["title"], "source": terms["source"]}
    told |= {"amount_fen": found["amount_fen"], "pays": policy.pays(terms), "at": _time(found["at"])}
    told |= {"state": found["state"], "state_zh": offer.STATES[found["state"]]}
    told |= {"confirmed_at": _time(found["confirmed_at"])} if found.get("confirmed_at") else {}
    return told | _asked(found, terms) | payout_views.after_confirming(found) | _account(found)


def _asked(found: Mapping[str, Any], terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a firm would promise by confirming."""
    until = payout_terms.promise_due(terms, clock.today()) if found["state"] == "offered" else None
    version = promise.in_force(found["policy"]) if until else None
    return {"promise_zh": promise.text_of(version), "promise_until": str(until)} if version else {}


def _account(found: Mapping[str, Any]) -> dict[str, Any]:
    account = offer.account_of(found)
    if not account:
        return {}
    return {"account": {"bank": account["bank"], "tail": account["number"][-_TAIL:], "holder": account["holder"]}}


def office_offers(
    actor: Staff, code: str, state: str, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the offers of a policy in one state; it names no person.

    Raises:
        NotFound: no such policy of the actor's unit.
    """
    policy.within(actor, "policy.read", code)
    return _listed(*offer.of_policy(code, state, cursor=cursor, limit=limit))


def to_pay(actor: Staff, code: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what firms confirmed of a policy, for those who pay.

    Raises:
        NotFound: no such policy within reach.
    """
    policy.within(actor, "policy.pay", code)
    return _listed(*offer.of_policy(code, "confirmed", cursor=cursor, limit=limit))


def _listed(rows: list[dict[str, Any]], following: str | None) -> tuple[list[dict[str, Any]], str | None]:
    return listed(rows), following


def listed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return offers as offices see them in a list."""
    names = firm.several([one["firm"] for one in rows])
    return [_row(one, names) for one in rows]


def _row(found: Mapping[str, Any], names: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    code = found["firm"]
    told = {"id": str(found["_id"]), "policy": found["policy"], "credit_code": code, "run_id": str(found["run"])}
    told |= {"name": names[code]["name"] if code in names else "", "amount_fen": found["amount_fen"]}
    told |= {"state": found["state"], "state_zh": offer.STATES[found["state"]], "at": _time(found["at"])}
    told |= {"confirmed_at": _time(found["confirmed_at"])} if found.get("confirmed_at") else {}
    return told | payout_views.after_confirming(found)


def office_offer(actor: Staff, offer_id: ObjectId) -> dict[str, Any]:
    """Return an offer with its account and, masked, who confirmed it, after an access line.

    Raises:
        NotFound: no such offer of a policy within reach.
    """
    found = offer.read(offer_id)
    policy.within(actor, "policy.read", found["policy"])
    told = _row(found, firm.several([found["firm"]])) | _account(found)
    if found.get("person"):
        access_line.record(actor, purpose=PURPOSE, subjects=[found["person"]], fields=_FIELDS)
        told["confirmed_by"] = mask_name(person.read(found["person"]).name)
    return told
