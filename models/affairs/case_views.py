"""Cases as screens show them. Plain dicts; who of the staff sees a person's data leaves an access line first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.identity_documents import mask_name
from backend.store import paging
from models.affairs import applicant, case, case_history, desks, form_answers, kind
from models.affairs import clock as legal
from models.affairs.applicant import Applicant
from models.affairs.case import Case
from models.audit import access_line
from models.identity import levels, minor_approval, organisation, person
from models.identity.actors import Member, Resident, Staff

WHAT_ZH = {
    "opened": "已提交",
    "claimed": "已认领",
    "released": "已退回待办",
    "assigned": "已指派",
    "transferred": "已转交其他单位",
    "stepped": "进入下一步",
    "decided": "已作出决定",
    "corrected": "已更正决定",
    "asked": "请申请人答复",
    "paused": "暂停计时",
    "resumed": "恢复计时",
    "answered": "申请人已答复",
    "withdrawn": "申请人已撤回",
    "overtaken": "已由新的提交取代",
    "appealed": "申请人申请复核",
    "reminded": "临期提醒",
    "escalated": "逾期上报",
    "closed": "已办结",
    "inviting": "正在开通账号",
    "invited": "已开通账号",
}
URGENCY_ZH = {"normal": "正常", "soon": "即将到期", "overdue": "已逾期"}
_LISTED = ("number", "kind", "kind_version", "state", "work", "pause", "unit", "opened_at", "closed_at", "appeal_until")
_DECIDING = frozenset({"outcome", "text"})
"""What a line of the history says of how a step was decided."""
_INTERNAL = frozenset({"claimed", "released", "assigned", "reminded", "escalated", "inviting"})


@dataclass(frozen=True)
class Filter:
    """Which work: at one's own desks, held by oneself (`mine`) or at the desks that one supervises (`unit`)."""

    scope: str = "desk"
    kind: str = ""
    state: str = ""


def inbox(actor: Staff, wanted: Filter, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the work that waits for the actor, what is due first at the top. It shows no personal data."""
    query = _query(actor, wanted)
    if query is None:
        return [], None
    found, following = paging.page(
        Case._get_collection(), query, sort=("work.due", 1), cursor=cursor, limit=limit, projection=_LISTED
    )
    return [brief(one, actor) for one in found], following


def _query(actor: Staff, wanted: Filter) -> dict[str, Any] | None:
    if wanted.scope == "mine":
        query: dict[str, Any] = {"work.holder": actor.key}
        query |= {"work.state": wanted.state} if wanted.state else {}
    else:
        places = desks.supervised(actor) if wanted.scope == "unit" else desks.of(actor.assignments)
        if not places:
            return None
        # Each list is as short as it can be: the store merges one sorted scan for each combination.
        query = {"work.desks": _one_of(places)}
        query["work.state"] = _one_of([wanted.state] if wanted.state else ["taken", "waiting"])
    return query | ({"kind": wanted.kind} if wanted.kind else {})


def _one_of(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else {"$in": values}


def brief(found: dict[str, Any], actor: Staff | None = None) -> dict[str, Any]:
    """Return what a list shows of a case; to staff also where its work lies."""
    told = kind.read(found["kind"], found["kind_version"])
    shown: dict[str, Any] = {
        "id": str(found["_id"]),
        "number": found["number"],
        "kind": found["kind"],
        "kind_zh": told.zh,
        "state": found["state"],
        "state_zh": case.STATES[found["state"]],
        "unit": found["unit"],
        "opened_at": wire(found["opened_at"]),
    }
    shown |= {name: wire(found[name]) for name in ("closed_at", "appeal_until") if found.get(name)}
    if work := found.get("work"):
        shown |= {"step": work["step"], "step_zh": told.step(work["step"]).zh, "due": wire(work["due"])}
        shown |= {"due_day": legal.last_day(work["due"]).isoformat(), "waits_for_me": _waits_for_applicant(found)}
        if actor:
            shown |= _work(work, actor)
    return shown


def _work(work: dict[str, Any], actor: Staff) -> dict[str, Any]:
    return {
        "work_state": work["state"],
        "work_state_zh": case.WORK_STATES[work["state"]],
        "work_unit": work["unit"],
        "urgency": work["urgency"],
        "urgency_zh": URGENCY_ZH[work["urgency"]],
        "mine": work.get("holder") == actor.key,
        "holder": work.get("holder", ""),
    }


def _waits_for_applicant(found: dict[str, Any]) -> bool:
    stop = kind.read(found["kind"], found["kind_version"]).stop(found.get("pause", {}).get("reason", ""))
    return stop is not None and stop.asks


def of_resident(resident: Resident, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of one's cases, newest first."""
    query: dict[str, Any] = {"account": resident.account_id, "person": {"$in": [None, resident.person_id]}}
    if resident.acting:
        query = {"person": resident.subject_id}
    elif levels.reaches(resident.document["level"], "matched"):
        query = {"$or": [{"person": resident.person_id}, query]}
    found, following = paging.page(
        Case._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection=_LISTED
    )
    return [brief(one) for one in found], following


def of_firm(member: Member, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the cases of the organisation that a member acts for, newest first."""
    query = {"firm": member.organisation["credit_code"]}
    found, following = paging.page(
        Case._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection=_LISTED
    )
    return [brief(one) for one in found], following


def for_applicant(whose: Applicant, case_id: ObjectId) -> dict[str, Any]:
    """Return one's case with what was said and decided; who of the staff acted is told by their unit.

    Raises:
        NotFound: not the applicant's case.
    """
    found = case.read(case_id)
    applicant.own(whose, found)
    lines = [line for line in _lines(found) if line["what"] not in _INTERNAL]
    for line in lines:
        line["who"] = "applicant" if line["who"].startswith(_APPLICANTS) else line["who"].partition(":")[0]
        line.pop("holder", None)
    decisions = [{name: value for name, value in one.items() if name != "by"} for one in _decisions(found)]
    return {**brief(found), **_common(found), "history": lines, "decisions": decisions}


def for_staff(actor: Staff, case_id: ObjectId, *, purpose: str) -> dict[str, Any]:
    """Return a whole case, after an access line about its applicant; of a child's, without an approval, no word.

    Raises:
        NotFound: no such case within the actor's scope.
    """
    found = case.read(case_id)
    desks.reach(actor, "case.read", found)
    subjects = case.subjects(found)
    hidden = minor_approval.hidden(actor, subjects)
    seen = [one for one in subjects if one not in hidden]
    fields = (*_FIELDS, "case.form") if found.get("form") else _FIELDS
    access_line.record(actor, purpose=purpose, subjects=seen, fields=fields, case=found["number"])
    told = kind.read(found["kind"], found["kind_version"])
    shown = {**brief(found, actor), **_common(found), "history": _lines(found), "decisions": _decisions(found)}
    shown |= {"applicant": _masked(found), "law": told.law, "seq": found["seq"]}
    if work := found.get("work"):
        shown["outcomes"] = [{"code": one.code, "zh": one.zh} for one in told.step(work["step"]).outcomes]
        shown["stops"] = [{"code": one.code, "zh": one.zh} for one in told.stops]
    return _closed(shown) if hidden else shown


_FIELDS = ("person.name", "case.text")
_APPLICANTS = ("resident:", "member:")


def _closed(shown: dict[str, Any]) -> dict[str, Any]:
    """Return a child's case without what anybody wrote: it can be worked on, and an approval be asked for."""
    history = [{name: value for name, value in line.items() if name != "text"} for line in shown["history"]]
    decisions = [{**one, "reason": minor_approval.HIDDEN} for one in shown["decisions"]]
    words = {"applicant": minor_approval.HIDDEN, "text": minor_approval.HIDDEN, "form": []}
    return {**shown, **words, "history": history, "decisions": decisions}


def _masked(found: dict[str, Any]) -> str:
    if code := found.get("firm"):
        known = organisation.by_code(code)
        return str(known["name"]) if known else ""
    try:
        return "".join(mask_name(person.read(one).name) for one in case.subjects(found))
    except NotFound:
        return ""


def _common(found: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": case.text_of(found), "about": {n: str(v) for n, v in found["about"].items()}}
    shown |= {"form": form_answers.shown(found)} if found.get("form") else {}
    shown |= {"firm": found["firm"]} if found.get("firm") else {}
    if found.get("work"):
        shown["total_due_day"] = legal.last_day(found["clock"]["due"]).isoformat()
    if pause := found.get("pause"):
        stop = kind.read(found["kind"], found["kind_version"]).stop(pause["reason"])
        told = {"reason": pause["reason"], "reason_zh": stop.zh if stop else "", "until": wire(pause["until"])}
        shown["pause"] = told
    if found.get("result"):
        shown["result"] = {name: value for name, value in found["result"].items() if isinstance(value, str)}
    return shown


def _lines(found: dict[str, Any]) -> list[dict[str, Any]]:
    older = case_history.older(found["_id"]) if len(found["history"]) > case.LINES_KEPT // 2 else []
    lines = [*older, *found["history"]]
    if found["state"] in case.RUNNING and kind.read(found["kind"], found["kind_version"]).blind:
        lines = [_undecided(line) for line in lines]
    return [_line(found, line) for line in lines]


def _undecided(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in line.keys() - _DECIDING} if line["what"] == "stepped" else line


def _line(found: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    told = {
        name: line[name] for name in ("unit", "step", "outcome", "to", "reason", "role", "holder") if line.get(name)
    }
    shown = {"at": wire(line["at"]), "who": line["who"], "what": line["what"], "what_zh": WHAT_ZH[line["what"]], **told}
    if text := case.opened(found["_id"], "history.text", line):
        shown["text"] = text
    return shown | ({"attachments": line["attachments"]} if line.get("attachments") else {})


def _decisions(found: dict[str, Any]) -> list[dict[str, Any]]:
    told = kind.read(found["kind"], found["kind_version"])
    names = {(step.code, one.code): one.zh for step in told.steps for one in step.outcomes}
    return [
        {
            "id": str(one["id"]),
            "outcome": one["outcome"],
            "outcome_zh": names[one["step"], one["outcome"]],
            "reason": case.opened(found["_id"], "decisions.reason", one),
            "rule": one["rule"],
            "attachments": one["attachments"],
            "by": one["by"],
            "unit": one["unit"],
            "at": wire(one["at"]),
        }
        | ({"corrects": str(one["corrects"])} if "corrects" in one else {})
        for one in found["decisions"]
    ]


def wire(moment: datetime) -> str:
    """Return a time as it stands on the wire."""
    return clock.civil(moment).isoformat(timespec="seconds")
