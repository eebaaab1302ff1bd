"""Judging (研判): what the rules in force say of an observation, kept as findings.

    judge(observation) ─▶ one finding for each rule that holds, by key once a version of the observation

The rules stand in `models.rules` and are asked by what was measured; NEWS2 is a table of its own. Where an elder has a
personal range, it is asked instead of the rules that only look for high values. Each finding carries the version of the
rule, what it read, and one sentence. A rule that names a programme has the elder suspected of that illness.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.errors import NotFound
from backend.store import read_once
from models.eldercare import (
    codes,
    finding,
    news2,
    observation,
    personal_range,
    programme,
    subject,
    tool,
    yearly_check,
)
from models.eldercare.finding import Found
from models.rules import evaluate, parameters
from models.rules.decision import Decision
from models.rules.facts import Fact, Known
from models.rules.rule_set import NotInForce

BY = "system:health_rules"
HIGH = "health_blood_pressure_high"
PERSISTENT = "health_blood_pressure_persistent"
PERSONAL = "health_personal_range"
LOW = "health_haemoglobin_low"
LOOKED_BACK = 20
_PRESSURE = ("systolic", "diastolic")
SIGNS = ("blood_pressure", *(name for name in news2.MEASURED if name not in _PRESSURE))
TRIES = 5
SOON_SECONDS = 2


@dataclass(frozen=True)
class Asked:
    """A rule and the quantities that it reads; one that `yields` is not asked of those with a personal range."""

    rule: str
    of: tuple[str, ...]
    yields: bool = False


_GLUCOSE = ("fasting_glucose", "random_glucose")
RULES = (
    Asked("health_a_blood_pressure", _PRESSURE),
    Asked("health_a_heart_rate", ("heart_rate",)),
    Asked("health_a_haemoglobin", ("haemoglobin",)),
    Asked("health_a_platelets", ("platelets",)),
    Asked("health_a_glucose", _GLUCOSE),
    Asked("health_a_potassium", ("potassium",)),
    Asked("health_b_blood_pressure", _PRESSURE, yields=True),
    Asked("health_b_heart_rate", ("heart_rate",), yields=True),
    Asked("health_b_haemoglobin", ("haemoglobin",), yields=True),
    Asked("health_b_glucose", _GLUCOSE, yields=True),
    Asked("health_b_potassium", ("potassium",), yields=True),
    Asked("health_glucose_danger", _GLUCOSE),
    Asked("health_diabetes_signs", ("heart_rate", "temperature"), yields=True),
    Asked(HIGH, _PRESSURE, yields=True),
    Asked(PERSISTENT, _PRESSURE, yields=True),
)
"""In the order in which they are asked: a persistent height counts what the rule before it found."""


@dataclass(frozen=True)
class Case:
    """An observation with what the rules read beside it."""

    elder: Mapping[str, Any] = field(repr=False)
    found: Mapping[str, Any] = field(repr=False)
    ranges: Mapping[str, Mapping[str, Any]] = field(repr=False)
    managed: frozenset[str]

    @property
    def day(self) -> date:
        """Return the civil day of the measurement, whose rules count."""
        return clock.civil(self.found["at"]).date()

    @property
    def values(self) -> dict[str, float]:
        """Return the measured values by quantity."""
        return dict(self.found["values"])

    @property
    def values_zh(self) -> str:
        """Return the measured values as a sentence begins with them."""
        values = self.values
        if self.found["code"] == "blood_pressure" and len(values) == len(_PRESSURE):
            return f"血压{values['systolic']:g}/{values['diastolic']:g}毫米汞柱"
        told = [f"{codes.zh(name)}{value:g}{codes.QUANTITIES[name].unit_zh}" for name, value in values.items()]
        return "、".join(told)


def judge(observation_id: ObjectId) -> None:
    """Keep what the rules say of an observation as it stands, and mark what they said of it before a correction.

    It may run twice, and while the observation is corrected: then it judges again.
    """
    for _ in range(TRIES):
        found = _read(observation_id)
        if found is None:
            return
        if found["state"] != "entered_in_error":
            _keep(found)
        yearly_check.measured(found)
        after = _read(observation_id)
        if after is not None and after["version"] == found["version"]:
            finding.supersede(observation_id, found["version"])
            return
    raise outbox.Later(SOON_SECONDS)


def _is_fresh(at: datetime) -> bool:
    """Tell whether somebody has to act on what was measured then; what is older is entered for the record."""
    return at >= clock.now() - timedelta(days=int(parameters.value("health_alert_days", clock.today())))


def _read(observation_id: ObjectId) -> dict[str, Any] | None:
    try:
        return observation.read(observation_id)
    except NotFound:
        return None


def _keep(found: Mapping[str, Any]) -> None:
    try:
        elder = subject.read(found["subject"])
    except NotFound:  # erased meanwhile: it points to nobody
        return
    with read_once.span():
        case = case_of(elder, found)
        for key, made, plan in results(case):
            name = f"{key}:{found['_id']}:{found['version']}"
            told = {"about": [found["_id"]], "at": found["at"], "about_version": found["version"]}
            finding.keep(elder["_id"], made, key=name, asks=_is_fresh(found["at"]), **told)
            if plan:
                _suspect(case, plan)


def _decided(rule: str, facts: Mapping[str, Fact], day: date) -> Decision | None:
    """Return the decision of a rule that holds; None where it does not, or was not in force on that day yet."""
    try:
        decision = evaluate.decide(rule, facts, day=day)
    except NotInForce:
        return None
    return decision if decision.outcome == "yes" else None


def _suspect(case: Case, disease: str) -> None:
    elder = case.elder["_id"]
    quiet = timedelta(days=int(parameters.value("health_dismissed_days", clock.today())))
    if disease not in case.managed and not programme.dismissed(elder, disease, since=clock.now() - quiet):
        programme.suspected(elder, disease, because="finding", about=case.found["_id"], by=BY)


def results(case: Case) -> Iterator[tuple[str, Found, str]]:
    """Yield what the rules say: a name, the finding, and the programme that it suggests, "" for none.

    Each is to be kept before the next is asked for.
    """
    facts = _facts(case)
    for one in RULES:
        left = _ranged(case) if one.yields else set()
        if not (set(one.of) & case.values.keys()) - left:
            continue
        told = {name: fact for name, fact in facts.items() if name.removeprefix("vital.") not in left}
        told |= _high_days(case) if one.rule == PERSISTENT else {}
        decision = _decided(one.rule, told, case.day)
        if decision is not None:
            yield one.rule, _found(case, decision), str(decision.values.get("plan", ""))
    yield from _out_of_range(case)
    yield from _screen(case)


def _ranged(case: Case) -> set[str]:
    return {name for name, one in case.ranges.items() if "low" in one or "high" in one}


def _facts(case: Case) -> dict[str, Fact]:
    facts: dict[str, Fact] = {f"vital.{name}": _number(value) for name, value in case.values.items()}
    facts |= {f"managed.{disease}": Known(disease in case.managed) for disease in programme.DISEASES}
    if "birth_year" in case.elder:
        facts["person.age"] = Known(case.day.year - case.elder["birth_year"])
    if "haemoglobin" in case.values:
        facts["history.haemoglobin_low"] = Known(_was_low(case))
    return facts


def _number(value: float) -> Known:
    return Known(Decimal(str(value)))


def _was_low(case: Case) -> bool:
    """Tell whether haemoglobin was as low before: class A tells the first time from later ones."""
    low = parameters.value(LOW, clock.today())
    before = observation.latest(case.elder["_id"], "haemoglobin", LOOKED_BACK, until=case.found["at"])
    return any(one["values"].get("haemoglobin", low + 1) <= low for one in before if one["_id"] != case.found["_id"])


def _high_days(case: Case) -> dict[str, Fact]:
    span = timedelta(days=int(parameters.value("health_high_within_days", clock.today())))
    until = case.found["at"]
    return {"history.high_days": Known(finding.live_days(case.elder["_id"], HIGH, since=until - span, until=until))}


def _found(case: Case, decision: Decision, values_zh: str = "") -> Found:
    values = decision.values
    doubt = ",数值可疑请先复测" if "implausible" in case.found.get("flags", ()) else ""
    return Found(
        decision.rule,
        decision.version,
        str(values["severity"]),
        f"{values_zh or case.values_zh},{values['says']}{doubt}。",
        finding.inputs_of(decision),
        str(values.get("category", "")),
        decision.record(),
        [case.found["code"]],
    )


def _out_of_range(case: Case) -> Iterator[tuple[str, Found, str]]:
    for name in sorted(case.values.keys() & _ranged(case)):
        told, value = case.ranges[name], case.values[name]
        facts: dict[str, Fact] = {f"personal.{side}": _number(told[side]) for side in ("low", "high") if side in told}
        decision = _decided(PERSONAL, facts | {"personal.value": _number(value)}, case.day)
        if decision is not None:
            limits = personal_range.limits_zh(told)
            words = f"{codes.zh(name)}{value:g}{codes.QUANTITIES[name].unit_zh}(个人范围{limits})"
            yield f"{PERSONAL}:{name}", _found(case, decision, words), ""


def _screen(case: Case) -> Iterator[tuple[str, Found, str]]:
    seen = beside(case)
    screened = screen(case, seen)
    if screened is None or not finding.calls_for_alert(screened.response["severity"]):
        return
    inputs = {**screened.inputs, "points": dict(screened.points), "total": screened.total}
    inputs |= {"missing": list(screened.missing), "assumed": list(screened.assumed)}
    severity = screened.response["severity"]
    made = Found(
        news2.TOOL,
        screened.version,
        severity,
        screened.sentence_zh,
        inputs,
        words=[case.found["code"], *(one["code"] for one in seen)],
        beside=[{"id": one["_id"], "version": one["version"]} for one in seen],
    )
    yield news2.TOOL, made, ""


def beside(case: Case) -> list[dict[str, Any]]:
    """Return the other vital signs measured shortly before an observation, the last of each code."""
    if not set(news2.MEASURED) & case.values.keys():
        return []
    since = case.found["at"] - timedelta(minutes=int(parameters.value("health_news2_minutes", clock.today())))
    others = [code for code in SIGNS if code != case.found["code"]]
    found = [one for code in others for one in observation.latest(case.elder["_id"], code, until=case.found["at"])]
    return [one for one in found if one["at"] >= since]


def screen(case: Case, seen: Sequence[Mapping[str, Any]]) -> news2.Screened | None:
    """Return NEWS2 of an observation with those measured beside it; None where it does not apply."""
    if not set(news2.MEASURED) & case.values.keys():
        return None
    try:
        table = tool.in_force(news2.TOOL, case.day)
    except tool.ToolUnknown:
        return None
    if case.day.year - case.elder.get("birth_year", 0) < table["content"]["least_age"]:
        return None
    values, context = case.values, dict(case.found.get("context", {}))
    for one in seen:
        values = {**one["values"], **values}
        context = {**one.get("context", {}), **context}
    if scale := case.ranges.get("oxygen_saturation", {}).get("scale"):
        context["spo2_scale"] = scale
    return news2.score(table, values, context)


def case_of(elder: Mapping[str, Any], found: Mapping[str, Any]) -> Case:
    """Return an observation with what the rules read beside it on its day."""
    day = clock.civil(found["at"]).date()
    return Case(elder, found, personal_range.counting(elder["_id"], day), programme.managed(elder["_id"]))
