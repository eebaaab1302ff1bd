"""Whether a table gives exactly one result for every answer; whatever is wrong is told by its path."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from models.eldercare import codes
from models.eldercare.finding import SEVERITIES

Errors = dict[str, list[str]]
MOST_ITEMS = 60
MOST_OPTIONS = 10
MOST_POINTS = 100
"""With the limits before it, these bound how many totals are tried."""


def errors_in(kind: str, content: Mapping[str, Any]) -> Errors:
    """Return what is wrong in a content, by path; nothing for one that can be used."""
    try:
        return {"bands": _bands, "choices": _choices, "checklist": _checklist}[kind](content)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        return {"content": ["评分表的结构不完整,请对照现行版本填写。"]}


def _bands(content: Mapping[str, Any]) -> Errors:
    errors: Errors = {}
    tables = {f"bands.{name}": rows for name, rows in content["bands"].items()}
    tables |= {f"scale_2.{name}": content["scale_2"][name] for name in ("air", "oxygen")}
    if unknown := set(content["bands"]) - set(codes.QUANTITIES):
        errors["content.bands"] = [f"不认识的测量项目 {min(unknown)}。"]
    for path, rows in tables.items():
        limits = [float(row["to"]) for row in rows[:-1]]
        if "to" in rows[-1] or any(low >= high for low, high in pairwise(limits)):
            errors[f"content.{path}"] = ["各档上限须逐行增大,最后一档不设上限。"]
        if any(not 0 <= int(row["points"]) <= 3 for row in rows):  # noqa: PLR2004 - NEWS2 gives at most three
            errors[f"content.{path}"] = ["每档分值须为 0 至 3 分。"]
    int(content["oxygen"]), int(content["not_alert"]), int(content["least_age"])
    totals = [one["from"] for one in content["responses"] if "from" in one]
    if totals != sorted(totals, reverse=True) or totals[-1] != 0:
        errors["content.responses"] = ["处置须从高分到低分排列,最低一档从 0 分起。"]
    if any(one["severity"] not in SEVERITIES or not one["says"] for one in content["responses"]):
        errors["content.responses"] = ["每档处置须写明紧急程度和说明。"]
    return errors


def _choices(content: Mapping[str, Any]) -> Errors:
    errors: Errors = {}
    items = content["items"]
    if _repeated([one["code"] for one in items]) or not 1 <= len(items) <= MOST_ITEMS:
        errors["content.items"] = ["项目代码不能重复,且不超过 60 项。"]
    for number, one in enumerate(items):
        if not _is_item(one):
            errors[f"content.items.{number}"] = ["每项须有名称和二至十个选项,代码不重复,分值为 0 至 100 的整数。"]
    if errors:
        return errors
    for total in reachable(items):
        grades = [one["code"] for one in content["grades"] if one["from"] <= total <= one["to"]]
        if len(grades) != 1:
            errors["content.grades"] = [f"总分 {total} 须恰好对应一个等级。"]
            break
    known = {one["code"] for one in content["grades"]}
    if set(content.get("from_best", known)) != known:
        errors["content.from_best"] = ["等级由好到差的排列须包含全部等级。"]
    signs = content.get("signs", ())
    if any(one["kind"] not in {"flag", "count"} or one.get("sets", next(iter(known))) not in known for one in signs):
        errors["content.signs"] = ["附加情况的类型或等级有误。"]
    return errors


def _checklist(content: Mapping[str, Any]) -> Errors:
    errors: Errors = {}
    items, groups = content["items"], {one["code"] for one in content["groups"]}
    if _repeated([one["code"] for one in items]) or not 1 <= len(items) <= MOST_ITEMS:
        errors["content.items"] = ["项目代码不能重复,且不超过 60 项。"]
    for number, one in enumerate(items):
        if not _is_word(one["zh"]) or one["group"] not in groups or not set(one.get("codes", ())) <= set(codes.NAMES):
            errors[f"content.items.{number}"] = ["项目的分组或测量项目不存在。"]
    if not set(content["plans"]) <= {one["code"] for one in items}:
        errors["content.plans"] = ["纳入管理的项目须在清单中。"]
    return errors


def _is_item(one: Mapping[str, Any]) -> bool:
    options = one["options"]
    words = [one["code"], one["zh"], *(option[name] for option in options for name in ("code", "zh"))]
    points = [option["points"] for option in options]
    return (
        all(_is_word(word) for word in words)
        and 2 <= len(options) <= MOST_OPTIONS  # noqa: PLR2004 - one option is no choice
        and not _repeated([option["code"] for option in options])
        and all(type(count) is int and 0 <= count <= MOST_POINTS for count in points)
    )


def _is_word(told: Any) -> bool:
    return isinstance(told, str) and 1 <= len(told) <= 200 and told.isprintable()  # noqa: PLR2004 - a long sentence


def reachable(items: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return every total that answers to these items can have."""
    totals = {0}
    for one in items:
        totals = {total + option["points"] for total in totals for option in one["options"]}
    return sorted(totals)


def _repeated(found: Sequence[str]) -> bool:
    return len(set(found)) < len(found)
