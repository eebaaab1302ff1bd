"""What answers to an assessment table give: a total, totals by group, one grade, and why in one sentence. Plain values.

Signs may set the grade, or make it one worse: once, however many of them are there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.errors import BadInput

Answers = Mapping[str, str]
Signs = Mapping[str, Any]
MOST_EVENTS = 99


class AnswersWrong(BadInput):
    """400: an item has no answer or one that the table does not have; `fields` names each."""

    code = "health_answers_wrong"
    zh = "有未作答或选项有误的项目,请按提示补充后再提交。"
    en = "An item has no answer, or one that the table does not have. Correct those named."


@dataclass(frozen=True)
class Scored:
    """`grade` counts; `by_total` is what the total alone would give; `reasons` are the signs that changed it."""

    total: int
    groups: Mapping[str, int]
    grade: str
    grade_zh: str
    by_total: str
    reasons: tuple[str, ...]
    sentence_zh: str


def score(tool: Mapping[str, Any], answers: Answers, signs: Signs) -> Scored:
    """Return what the answers give by one version of a table.

    Raises:
        AnswersWrong: an item lacks an answer, has one that is none of its options, or contradicts a sign.
    """
    content = tool["content"]
    if errors := {**_answer_errors(content, answers), **_sign_errors(content, answers, signs)}:
        raise AnswersWrong(fields=errors)
    points = {one["code"]: _points(one, answers[one["code"]]) for one in content["items"]}
    total = sum(points.values())
    by_total = grade_of(content, total)
    grade, reasons = _after_signs(content, by_total, signs)
    groups = {
        group["code"]: sum(points[one["code"]] for one in content["items"] if one["group"] == group["code"])
        for group in content.get("groups", ())
    }
    words = {one["code"]: one["zh"] for one in content["grades"]}
    because = f",因{'、'.join(reasons)},由{words[by_total]}调整" if grade != by_total else ""
    sentence = f"{tool['zh']}共{total}分{because},为{words[grade]}。"
    return Scored(total, groups, grade, words[grade], by_total, reasons, sentence)


def grade_of(content: Mapping[str, Any], total: int) -> str:
    """Return the grade of a total; a checked table has exactly one."""
    return next(str(one["code"]) for one in content["grades"] if one["from"] <= total <= one["to"])


def _points(item: Mapping[str, Any], chosen: str) -> int:
    return next(int(one["points"]) for one in item["options"] if one["code"] == chosen)


def _answer_errors(content: Mapping[str, Any], answers: Answers) -> dict[str, list[str]]:
    errors = {}
    for one in content["items"]:
        if answers.get(one["code"]) not in {option["code"] for option in one["options"]}:
            errors[f"answers.{one['code']}"] = [f"请为「{one['zh']}」选择一个选项。"]
    for other in sorted(answers.keys() - {one["code"] for one in content["items"]}):
        errors[f"answers.{other[:40]}"] = ["量表中没有这一项。"]
    return errors


def _sign_errors(content: Mapping[str, Any], answers: Answers, signs: Signs) -> dict[str, list[str]]:
    errors, known = {}, {one["code"]: one for one in content.get("signs", ())}
    for name, told in signs.items():
        if name not in known:
            errors[f"signs.{name[:40]}"] = ["量表中没有这一项。"]
        elif not _fits(known[name], told):
            errors[f"signs.{name}"] = [f"「{known[name]['zh']}」的填写有误。"]
        elif told and not _agrees(known[name], answers):
            errors[f"signs.{name}"] = [f"「{known[name]['zh']}」与所选选项矛盾,请核对。"]
    return errors


def _fits(sign: Mapping[str, Any], told: Any) -> bool:
    if sign["kind"] == "flag":
        return isinstance(told, bool)
    return isinstance(told, int) and not isinstance(told, bool) and 0 <= told <= MOST_EVENTS


def _agrees(sign: Mapping[str, Any], answers: Answers) -> bool:
    wanted = sign.get("requires")
    return wanted is None or answers.get(wanted["item"]) == wanted["option"]


def _after_signs(content: Mapping[str, Any], grade: str, signs: Signs) -> tuple[str, tuple[str, ...]]:
    told = content.get("signs", ())
    for one in told:
        if "sets" in one and signs.get(one["code"]):
            return str(one["sets"]), (one["zh"],)
    lowering = tuple(
        one["zh"] for one in told if "lowers_from" in one and int(signs.get(one["code"], 0)) >= one["lowers_from"]
    )
    if not lowering:
        return grade, ()
    order = content["from_best"]
    return str(order[min(order.index(grade) + 1, len(order) - 1)]), lowering
