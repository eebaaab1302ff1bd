"""Rounds, plans and schools as staff and anybody read them. Plain dicts."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend import clock
from models.places import area
from models.school import round as rounds
from models.school import school, seat_plan
from models.school.district_finding import CODE_ZH, SEVERITY_ZH, Finding
from models.school.district_report import Report

TIMES = ("opens_at", "closes_at", "review_until")
PLAIN = ("name", "stage", "school_year", "rules", "rule_day", "accept_days", "most_choices")
FAIR_ZH = "在报名时间内先后提交不影响结果。"


def public(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a round as anybody reads it."""
    window = "before" if clock.now() < found["opens_at"] else "open" if clock.now() < found["closes_at"] else "closed"
    return {
        "id": found["_id"],
        **{name: found[name] for name in PLAIN},
        **{name: wire(found[name]) for name in TIMES},
        "report_day": found.get("report_day"),
        "report_zh": rounds.report_zh(found),
        "stage_zh": rounds.STAGE_ZH[found["stage"]],
        "state": found["state"],
        "state_zh": rounds.STATES[found["state"]],
        "window": window if found["state"] == "open" else "closed",
        "fair_zh": FAIR_ZH,
    }


def office(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a round as staff read it, with what was done to it."""
    districts = found.get("districts") or {}
    return public(found) | {
        "double_review_percent": found["double_review_percent"],
        "districts": districts.get("count", 0),
        "districts_at": wire(districts["at"]) if districts else None,
        "history": [_event(one) for one in found.get("history", ())],
    }


def _event(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {"at": wire(one["at"]), "what": one["what"], "by": one["by"]}
    return told | ({"accepted": [each["zh"] for each in one["accepted"]]} if "accepted" in one else {})


def wire(moment: Any) -> str:
    """Return a moment as it stands on the wire."""
    return clock.civil(moment).isoformat(timespec="seconds")


def school_shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a school as anybody reads it."""
    return {
        "id": found["_id"],
        **{name: found.get(name) or "" for name in ("name", "town", "address", "source")},
        "stages": list(found["stages"]),
        "ownership": found["ownership"],
        "ownership_zh": school.OWNERSHIP_ZH[found["ownership"]],
        "point": list(found["point"]) if found.get("point") else None,
        "made_up": bool(found.get("made_up")),
    }


def school_office(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a school as staff read it."""
    state = {"state": found["state"], "state_zh": school.STATE_ZH[found["state"]]}
    return school_shown(found) | {"unit": found["unit"], **state}


def plans(round_code: str, stage: str) -> list[dict[str, Any]]:
    """Return the plans of a round with their schools, and where a class is larger than it should be."""
    found = seat_plan.of_round(round_code)
    schools = school.several(one["school"] for one in found)
    notes = seat_plan.warnings(found, stage)
    return [plan_shown(one, schools[one["school"]], notes.get(one["school"], "")) for one in found]


def plan_shown(found: Mapping[str, Any], of: Mapping[str, Any], note: str = "") -> dict[str, Any]:
    """Return a plan with its school."""
    counts = {name: found[name] for name in ("places", "classes", "class_size", "taken")}
    return {"school": school_shown(of), **counts, "reserves": found.get("reserves") or {}, "note_zh": note}


def report(found: Report) -> dict[str, Any]:
    """Return a report: whether the round may be announced, and everything that was found."""
    return {
        "may_announce": not found.blocking,
        "blocking": len(found.blocking),
        "warnings": len(found.warnings),
        "items": [finding(one) for one in found.findings],
        "next": None,
    }


def finding(one: Finding) -> dict[str, Any]:
    """Return a finding."""
    return {
        "code": one.code,
        "code_zh": CODE_ZH[one.code],
        "severity": one.severity,
        "severity_zh": SEVERITY_ZH[one.severity],
        "zh": one.zh,
        "about": list(one.about),
        "size_m2": one.size_m2,
        "point": list(one.point) if one.point else None,
    }


def village_names(codes: Sequence[str]) -> dict[str, str]:
    """Return how villages are called; a code that is none stands for itself."""
    towns = sorted({code[:9] for code in codes})
    known = {one["code"]: one["name"] for town in towns for one in area.children(town)}
    return {code: known.get(code, code) for code in codes}
