"""The report on a round before it opens: districts, plans and rules checked together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend import clock
from models.identity.actors import Staff
from models.rules import parameters, rule_set
from models.school import address_point, district, district_map, district_names, district_shapes, school, seat_plan
from models.school import round as rounds
from models.school.district_finding import Finding, blocking, warning
from models.school.district_map import DistrictMap

OVERLAP = "school_overlap_square_metres"
Plans = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Report:
    """What was found in a round as it stands; `generation` names the districts that were looked at."""

    generation: str
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> list[Finding]:
        """Return what must be put right before the round is announced."""
        return [one for one in self.findings if one.severity == "blocking"]

    @property
    def warnings(self) -> list[Finding]:
        """Return what somebody has to accept."""
        return [one for one in self.findings if one.severity == "warning"]


def read(actor: Staff, round_code: str) -> Report:
    """Return what is wrong with a round.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
    """
    actor.require("school.plan")
    return of_round(round_code)


def of_round(round_code: str) -> Report:
    """Return what is wrong with a round, what blocks it first.

    Raises:
        NotFound: no such round, or a threshold that was never said.
    """
    told, plans = rounds.read(round_code), seat_plan.of_round(round_code)
    generation, found = district.current(round_code)
    schools = school.several({one["school"] for one in plans} | {code for one in found for code in one["schools"]})
    findings = [*_rules(told), *_plans(plans, found, schools), *_classes(plans, told["stage"], schools)]
    if found:
        drawn = district_map.build(found)
        findings += _districts(drawn, address_point.of_towns(district_names.towns(found, schools.values())))
    else:
        findings.append(blocking("no_districts", "还没有学区,请先导入学区文件。"))
    return Report(generation, tuple(sorted(findings, key=lambda one: one.severity)))


def _districts(drawn: DistrictMap, points: Sequence[Mapping[str, Any]]) -> list[Finding]:
    least = float(parameters.value(OVERLAP, clock.today()))
    return [*district_shapes.findings(drawn, least), *district_names.findings(drawn, points)]


def _rules(told: Mapping[str, Any]) -> Iterator[Finding]:
    day = rounds.rule_day(told)
    found = rule_set.in_force(told["rules"].values(), day)
    for what, code in sorted(told["rules"].items()):
        if code not in found:
            words = f"规则 {code}({what})在 {told['rule_day']} 没有生效的版本,请先在规则管理中启用。"
            yield blocking("rule_not_in_force", words, code)


def _plans(
    plans: Plans, found: Sequence[Mapping[str, Any]], schools: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    planned, named = {one["school"] for one in plans}, {code for one in found for code in one["schools"]}
    if not plans:
        yield blocking("no_plans", "还没有任何学校的招生计划,请先填写。")
    for code in sorted(named - planned):
        districts = [one for one in found if code in one["schools"]]
        words = f"{_name(schools, code)}列在{districts[0]['name']},但没有本批次的招生计划。"
        yield blocking("school_without_plan", words, code, *(one["code"] for one in districts))
    for code in sorted(planned - named):
        if schools.get(code, {}).get("ownership") == "public" and found:
            words = f"{_name(schools, code)}有招生计划,但不属于任何学区,没有人能报名。"
            yield blocking("school_without_district", words, code)


def _classes(plans: Plans, stage: str, schools: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for code, words in sorted(seat_plan.warnings(plans, stage).items()):
        yield warning("class_size", f"{_name(schools, code)}:{words}", code)


def _name(schools: Mapping[str, Mapping[str, Any]], code: str) -> str:
    return str(schools[code]["name"]) if code in schools else code
