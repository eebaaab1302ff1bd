"""Choices (志愿): the schools of the child's district and the private ones, in the order of wish.

Where nobody can tell the district yet, every public school of the round may be named: a person settles the address
before that counts, and no family is stopped by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.school import school, seat_plan
from models.school.form import FormWrong
from models.school.locate import Located
from models.school.round import STAGE_ZH

PRIVATE_ZH = "民办学校面向全县招生,与公办学校同步报名;报名人数超过计划的,全部电脑随机派位。"
UNSETTLED_ZH = "您的住址暂时不能自动确定学区,可先填意向学校,由工作人员核定学区后生效。"


@dataclass(frozen=True)
class Offered:
    """A school with places in a round: its record, its plan, and whether the child's address leads to it."""

    school: Mapping[str, Any]
    plan: Mapping[str, Any]
    fits: bool
    why_zh: str


def offered(in_round: Mapping[str, Any], located: Located | None) -> dict[str, Offered]:
    """Return every active school of the round's stage that has a plan, by code."""
    plans = {one["school"]: one for one in seat_plan.of_round(in_round["_id"])}
    found = school.several(plans)
    return {
        code: Offered(one, plans[code], *_fits(one, located))
        for code, one in sorted(found.items())
        if one["state"] == "active" and in_round["stage"] in one["stages"]
    }


def _fits(one: Mapping[str, Any], located: Located | None) -> tuple[bool, str]:
    if one["ownership"] == "private":
        return True, PRIVATE_ZH
    if located is None:
        return False, "请先选择居住依据或填写住址,再选择公办学校。"
    if one["_id"] in located.schools:
        return True, located.why_zh
    if not located.schools:
        return True, UNSETTLED_ZH
    return False, f"不在您的学区:{located.why_zh}"


def options(in_round: Mapping[str, Any], located: Located | None) -> list[dict[str, Any]]:
    """Return the schools that the child's address is eligible for, those of the district first, each with why."""
    told = [_option(one, located) for one in offered(in_round, located).values() if one.fits]
    return sorted(told, key=lambda one: (not one["of_district"], one["ownership"], one["name"]))


def _option(one: Offered, located: Located | None) -> dict[str, Any]:
    found = one.school
    told = {
        "school": found["_id"],
        "name": found["name"],
        "ownership": found["ownership"],
        "ownership_zh": school.OWNERSHIP_ZH[found["ownership"]],
        "address": found.get("address") or "",
        "places": one.plan["places"],
        "of_district": located is not None and found["_id"] in located.schools,
        "why_zh": one.why_zh,
    }
    return told | ({"point": found["point"]} if found.get("point") else {})


def require(in_round: Mapping[str, Any], wanted: Sequence[str], located: Located | None) -> None:
    """Check choices; each wrong one is named by its position, with what is wrong.

    Raises:
        FormWrong: too many, one twice, no such school in the round, or not for this address.
    """
    wrong: dict[str, list[str]] = {}
    if len(wanted) > in_round["most_choices"]:
        wrong["choices"] = [f"本批次最多填报 {in_round['most_choices']} 个志愿,您填了 {len(wanted)} 个,请删减。"]
    known = offered(in_round, located) if wanted else {}
    problems = {
        number: problem
        for number, code in enumerate(wanted)
        if (problem := _problem(known.get(code), code in wanted[:number], in_round["stage"]))
    }
    names = school.names([wanted[number] for number in problems]) if problems else {}
    for number, problem in problems.items():
        wrong[f"choices.{number}"] = [f"第{number + 1}志愿“{names[wanted[number]]}”{problem}"]
    if wrong:
        raise FormWrong(fields=wrong)


def _problem(one: Offered | None, twice: bool, stage: str) -> str:
    if twice:
        return "重复填报,每所学校只填一次。"
    if one is None:
        return f"不在本批次{STAGE_ZH[stage]}招生学校中,请在可选学校中重新选择。"
    if not one.fits:
        return f"不能填报:{one.why_zh}请在可选学校中重新选择。"
    return ""
