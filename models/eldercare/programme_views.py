"""Programmes, visits, yearly checks and what is due, as plain dicts; for the elder in short phrases."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backend import clock
from models.eldercare import follow_up, programme, record, yearly_check
from models.eldercare.item_views import wire
from models.eldercare.reader import Reader

MOST_DUE = 10
SOON_DAYS = 7


def programmes(reader: Reader) -> list[dict[str, Any]]:
    """Return the programmes of an elder, those that live first; none to whom visits are hidden."""
    return [one_programme(one) for one in programme.listed(reader.subject_id)] if reader.sees_word("visit") else []


def one_programme(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return one programme."""
    told = {name: found[name] for name in ("disease", "state", "because", "unreached")}
    told |= {
        "id": str(found["_id"]),
        "disease_zh": programme.DISEASES[found["disease"]],
        "state_zh": programme.STATE_ZH[found["state"]],
        "because_zh": programme.BECAUSE_ZH[found["because"]],
        "opened_at": wire(found["opened_at"]),
    }
    if found["live"]:
        told |= {"next_visit": found["next_visit"], "overdue": found["next_visit"] < clock.today().isoformat()}
    if last := found.get("last"):
        told["last"] = _last(last)
    if ended := found.get("ended_as"):
        told |= {"ended_as": ended, "ended_as_zh": programme.ENDED_ZH[ended]}
    return told


def _last(last: Mapping[str, Any]) -> dict[str, Any]:
    decision = last["decision"]
    told = {"record": str(last["record"]), "at": wire(last["at"]), "reached": last["reached"]}
    return told | {"decision": decision, "decision_zh": follow_up.DECISION_ZH[decision]}


def visited(document: Mapping[str, Any], outcome: follow_up.Outcome) -> dict[str, Any]:
    """Return what came of a visit."""
    return {
        "id": str(document["_id"]),
        "at": wire(document["at"]),
        "decision": outcome.kind,
        "decision_zh": follow_up.DECISION_ZH[outcome.kind],
        "reached": outcome.reached,
        "next_visit": outcome.next_visit.isoformat(),
        "sentence_zh": outcome.sentence_zh,
        "rule": outcome.decision.rule,
        "rule_version": outcome.decision.version,
    }


def checks(reader: Reader) -> list[dict[str, Any]]:
    """Return the yearly checks of an elder, the newest first; none to whom check-ups are hidden."""
    if not reader.sees_word("check_up"):
        return []
    return [check(one) for one in yearly_check.of_subject(reader.subject_id)]


def check(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a yearly check with every item: done, abnormal or missing."""
    items = [_item(one) for one in yearly_check.items_of(found)]
    return {
        "id": str(found["_id"]),
        "year": found["year"],
        "rule": yearly_check.TOOL,
        "rule_version": found["tool_version"],
        "left": found["left"],
        "complete": found["left"] == 0,
        "items": items,
        "missing_zh": "、".join(one["item_zh"] for one in items if one["state"] == "missing"),
    }


def _item(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: one[name] for name in ("item", "item_zh", "group", "state")}
    told["state_zh"] = {"done": "已做", "abnormal": "异常", "missing": "未做"}[one["state"]]
    return told | ({"at": wire(one["done"]["at"])} if one["done"] else {})


def due(reader: Reader) -> list[dict[str, Any]]:
    """Return what an elder has to do next, the nearest first, in phrases of at most twenty characters."""
    today = clock.today()
    found = [*_visits_due(reader, today), *_check_due(reader, today), *_plans_due(reader, today)]
    return sorted(found, key=lambda one: (one["due_on"], one["text_zh"]))[:MOST_DUE]


def _visits_due(reader: Reader, today: date) -> list[dict[str, Any]]:
    if not reader.sees_word("visit"):
        return []
    return [
        _due(f"{programme.DISEASES[one['disease']]}{programme.TODO_ZH[one['state']]}", one["next_visit"], today)
        for one in programme.listed(reader.subject_id)
        if one["live"]
    ]


def _check_due(reader: Reader, today: date) -> list[dict[str, Any]]:
    if (
        not reader.sees_word("check_up")
        or today.year - reader.subject.get("birth_year", today.year) < yearly_check.age()
    ):
        return []
    checks = {one["year"]: one for one in yearly_check.of_subject(reader.subject_id)}
    this_year = checks.get(today.year)
    last_day = date(today.year, 12, 31).isoformat()
    if this_year is None:
        return [_due("今年的免费体检", last_day, today)]
    return [_due(f"体检还差{this_year['left']}项", last_day, today)] if this_year["left"] else []


def _plans_due(reader: Reader, today: date) -> list[dict[str, Any]]:
    """Return what care plans name a day for."""
    said = [record.content(one) for one in reader.records("care_plan", MOST_DUE) if one["state"] == "active"]
    return [_due(str(one["title_zh"])[:10], str(one["due_on"]), today) for one in said if one.get("due_on")]


def _due(what: str, due_on: str, today: date) -> dict[str, Any]:
    left = (date.fromisoformat(due_on) - today).days
    when = "已到期" if left < 0 else "今天" if left == 0 else f"{left}天内" if left <= SOON_DAYS else _day_zh(due_on)
    tone = "act" if left < 0 else "attention" if left <= SOON_DAYS else "calm"
    return {"text_zh": f"{what},{when}", "due_on": due_on, "tone": tone}


def _day_zh(day: str) -> str:
    told = date.fromisoformat(day)
    return f"{told.month}月{told.day}日前"
