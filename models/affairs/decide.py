"""Settling a step: on to the next one, or the decision with its reason; and the correction of a slip in a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId

from backend import clock, outbox
from models.affairs import attachments, carry_out, case, desks, kind, tell, work
from models.affairs import clock as legal
from models.affairs.carry_out import Turn
from models.affairs.case import Move
from models.affairs.case_errors import CaseStateWrong, CorrectionsUsed, OutcomeUnknown, SettledElsewhere
from models.affairs.handle import audit, require_held
from models.affairs.kind import END, Kind, Outcome
from models.identity.actors import Staff

SETTLED = ("decided", "closed")
MOST_CORRECTIONS = 10


@dataclass(frozen=True)
class Verdict:
    """What a member of the staff decides; `rule` is the provision, `value` what a corrected fact shall read."""

    outcome: str
    reason: str
    rule: str = ""
    attachments: tuple[str, ...] = ()
    value: Mapping[str, Any] | None = None


def decide(actor: Staff, case_id: ObjectId, verdict: Verdict) -> dict[str, Any]:
    """Settle the step that the actor holds; the same verdict of theirs again changes nothing.

    Raises:
        NotFound: the case is outside the actor's scope.
        NotHeld: they have not claimed it.
        CaseStateWrong: nobody works on it any more, or its clocks stand still.
        OutcomeUnknown: the step has no such outcome.
        SettledElsewhere: the steps of this kind are settled by a rule of their own.
        BadAttachment: a file is not theirs.
    """

    def move(found: dict[str, Any]) -> Move | None:
        if _repeated(actor, found, verdict):
            return None
        require_held(actor, found)
        if found["work"]["state"] == "paused":
            raise CaseStateWrong(state="paused", state_zh=case.WORK_STATES["paused"])
        told = kind.read(found["kind"], found["kind_version"])
        if told.settled_at_zh:
            raise SettledElsewhere(where_zh=told.settled_at_zh)
        outcomes = told.step(found["work"]["step"]).outcomes
        outcome = next((one for one in outcomes if one.code == verdict.outcome), None)
        if outcome is None:
            raise OutcomeUnknown
        if outcome.to != END:
            return _on(actor, found, told, outcome, verdict.reason)
        return _decided(actor, found, told, outcome, verdict)

    return case.change(case_id, move)


def _repeated(actor: Staff, found: dict[str, Any], verdict: Verdict) -> bool:
    last = found["history"][-1]
    settled = last["what"] in {"stepped", "decided"} and last["who"] == actor.key
    return settled and bool(last["outcome"] == verdict.outcome)


def _on(actor: Staff, found: dict[str, Any], told: Kind, outcome: Outcome, reason: str) -> Move:
    step = told.step(outcome.to)
    following = work.new_work(step, found, clock.now())
    after = {**found, "work": following, "beat": ObjectId()}
    entry = work.running(after)
    return Move(
        "stepped",
        actor.key,
        set={"work": following, "beat": after["beat"], "state": "open", **_reopened(found)},
        add={"desks": [desks.desk(step.role, following["unit"])], **_done(actor, found)},
        text=reason,
        told={"unit": actor.unit, "step": found["work"]["step"], "outcome": outcome.code, "to": outcome.to},
        follow=(entry,) if entry else (),
        audit=audit(actor, "stepped", found, step=found["work"]["step"], outcome=outcome.code),
    )


def _done(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    return {"workers": [actor.key], "did": [{"step": found["work"]["step"], "by": actor.key}]}


def _reopened(found: dict[str, Any]) -> dict[str, datetime]:
    """Return when an appeal that leads on to a further step took the decision back."""
    return {"reopened_at": clock.now()} if found["state"] == "appealed" else {}


def _decision(actor: Staff, found: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    part, case_id = ObjectId(), found["_id"]
    decision: dict[str, Any] = {
        "id": part,
        "step": found.get("work", {}).get("step", ""),
        "outcome": verdict.outcome,
        "reason": case.seal(case_id, "decisions.reason", part, verdict.reason),
        "rule": verdict.rule,
        "attachments": list(verdict.attachments),
        "by": actor.key,
        "unit": actor.unit,
        "at": clock.now(),
    }
    if verdict.value is not None:
        decision["value"] = case.seal(case_id, "decisions.value", part, orjson.dumps(verdict.value).decode())
    return decision


def _decided(actor: Staff, found: dict[str, Any], told: Kind, outcome: Outcome, verdict: Verdict) -> Move:
    """Decide for good on an appeal, or where there is none; otherwise the time to appeal begins to run."""
    final = found["state"] == "appealed" or told.appeal is None or "appealed_at" in found
    step, follow, decision = found["work"]["step"], [], _decision(actor, found, verdict)
    if outcome.carry_out:
        follow.append(outbox.entry("affairs", "affairs.carry_out", case=str(found["_id"]), name=outcome.carry_out))
    changes, unset = _closed(decision["at"]) if final else _open_to_appeal(found, told, decision["at"], follow)
    return Move(
        "decided",
        actor.key,
        set=changes,
        unset=("work", "once", *unset),
        push={"decisions": decision},
        add=_done(actor, found),
        told={"unit": actor.unit, "step": step, "outcome": outcome.code},
        follow=(*follow, *tell.entries(found, "case_decided")),
        audit=audit(actor, "decided", found, step=step, outcome=outcome.code),
        within=(
            attachments.attaching(verdict.attachments, actor.key, found),
            carry_out.within(found, Turn(outcome.code, actor.key, verdict.value, verdict.rule)),
        ),
    )


def _closed(now: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
    return {"state": "closed", "closed_at": now}, ("beat", "appeal_until", "matter")


def _open_to_appeal(
    found: dict[str, Any], told: Kind, now: datetime, follow: list[dict[str, Any]]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    assert told.appeal is not None
    until, beat = legal.to_working_day(legal.deadline(now, told.appeal.limit)), ObjectId()
    follow.append(work.beat({"_id": found["_id"], "beat": beat}, until))
    kept = {"matter": found["once"]} if "once" in found else {}
    return {"state": "decided", "appeal_until": until, "beat": beat, **kept}, ()


def correct(actor: Staff, case_id: ObjectId, reason: str, rule: str) -> dict[str, Any]:
    """Correct a slip in the last decision's reason or provision; the outcome stays, and so does the old wording.

    Raises:
        NotFound: the case is outside the actor's scope.
        CaseStateWrong: there is no decision.
        CorrectionsUsed: it was corrected often.
    """

    def move(found: dict[str, Any]) -> Move:
        desks.reach(actor, "case.handle", found)
        if found["state"] not in SETTLED or not found["decisions"]:
            raise CaseStateWrong(state=found["state"], state_zh=case.STATES[found["state"]])
        if sum("corrects" in one for one in found["decisions"]) >= MOST_CORRECTIONS:
            raise CorrectionsUsed
        last = found["decisions"][-1]
        verdict = Verdict(last["outcome"], reason, rule, tuple(last["attachments"]))
        corrected = {**_decision(actor, found, verdict), "step": last["step"], "corrects": last["id"]}
        return Move(
            "corrected",
            actor.key,
            push={"decisions": corrected},
            told={"unit": actor.unit, "outcome": last["outcome"]},
            audit=audit(actor, "corrected", found, decision=str(last["id"])),
        )

    return case.change(case_id, move)
