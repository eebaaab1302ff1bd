"""What rules, programmes and the yearly check add to the summary, and between which values quantities should be.

Importing this module registers it.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.errors import NotFound
from models.eldercare import codes, finding, knowing_views, personal_range, programme, programme_views, yearly_check
from models.eldercare.finding import HealthFinding
from models.eldercare.item_views import wire
from models.eldercare.reader import Reader
from models.eldercare.summary_parts import Range, part, ranges
from models.rules import parameters

LATELY = timedelta(days=30)
MOST = 10
TARGETS = {
    "systolic": ("health_systolic_target", "health_systolic_target_elder"),
    "diastolic": ("health_diastolic_target", "health_diastolic_target"),
    "fasting_glucose": ("health_glucose_target", "health_glucose_target"),
}
"""The parameters below which a quantity should be: of the younger, of elders."""


@part("findings")
def findings(_subject: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Return what somebody should look at, of the last thirty days, the newest first."""
    query = knowing_views.shown(reader) | {"state": "live", "at": {"$gte": clock.now() - LATELY}}
    grave = {"severity": {"$in": [one for one in finding.SEVERITIES if finding.calls_for_alert(one)]}}
    found = HealthFinding._get_collection().find(query | grave, {"record": 0, "outbox": 0})
    return [_finding(one) for one in found.sort([("at", -1), ("_id", -1)]).limit(MOST)]


def _finding(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(found["_id"]),
        "of": "finding",
        "word": found["rule"],
        "title_zh": finding.CLASS_ZH.get(found.get("class", ""), "研判结果"),
        "text": found["sentence_zh"],
        "at": wire(found["at"]),
        "severity": found["severity"],
        "severity_zh": finding.SEVERITY_ZH[found["severity"]],
        "state": found["state"],
        "state_zh": finding.STATE_ZH[found["state"]],
    }


@part("yearly_check")
def yearly_checks(_subject: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Return the last yearly check: how much of it is missing."""
    return [_check(one) for one in programme_views.checks(reader)[:1]]


def _check(told: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        "id": told["id"],
        "of": "check",
        "word": yearly_check.TOOL,
        "title_zh": f"{told['year']}年度体检",
        "value_zh": "已完成" if told["complete"] else f"还差{told['left']}项",
    }
    return shown | ({"text": told["missing_zh"]} if told["missing_zh"] else {})


@part("next_due")
def programmes_due(_subject: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Return the next visits of the programmes in which an elder is."""
    today = clock.today().isoformat()
    return [_due(one, today) for one in programme_views.programmes(reader) if "next_visit" in one]


def _due(told: Mapping[str, Any], today: str) -> dict[str, Any]:
    severity = "attention" if told["next_visit"] < today else "info"
    return {
        "id": told["id"],
        "of": "programme",
        "word": told["disease"],
        "title_zh": f"{told['disease_zh']}{programme.TODO_ZH[told['state']]}",
        "due_on": told["next_visit"],
        "severity": severity,
        "severity_zh": finding.SEVERITY_ZH[severity],
        "state": told["state"],
        "state_zh": told["state_zh"],
    }


@ranges
def personal(subject: Mapping[str, Any], quantity: str) -> Range | None:
    """Return the range that somebody set for this elder, while it counts."""
    found = personal_range.counting(subject["_id"], clock.today()).get(quantity)
    if found is None or not {"low", "high"} & found.keys():
        return None
    return Range(found.get("low"), found.get("high"), personal=True, until=found["until"], because_zh="医务人员设定")


@ranges
def target(subject: Mapping[str, Any], quantity: str) -> Range | None:
    """Return below which value a quantity should be by the rules of management for this elder's age."""
    if quantity not in TARGETS:
        return None
    today = clock.today()
    code = TARGETS[quantity][_is_elder(subject, today)]
    try:
        limit = float(parameters.value(code, today))
    except NotFound:
        return None
    step: float = 10 ** -codes.QUANTITIES[quantity].decimals
    return Range(None, round(limit - step, 2), because_zh=parameters.names([code])[code])


def _is_elder(subject: Mapping[str, Any], today: date) -> bool:
    born = subject.get("birth_year")
    return bool(born is not None and today.year - born >= parameters.value("health_elder_age", today))
