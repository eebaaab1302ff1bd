"""What a version of a service item says, checked: the kind of its cases, its form, and how the two hang together.

What follows a decision is named by `carry_out`; data name only what was made for items (`item.…`), so that no version
written in an office reaches into other business.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from models.affairs import form, kind
from models.affairs.kind import Appeal, Kind, Level, Limit, Outcome, Step, Stop
from models.affairs.service_item_errors import ItemWrong

CONTENT = (
    *("zh", "intro_zh", "applicants", "area", "once", "prefix", "law", "limit", "steps", "stops", "remind", "levels"),
    *("appeal", "form", "materials", "result", "delivery", "slot", "rating", "demo", "source"),
)
"""What the office writes of a version; everything else is its life."""
APPLICANTS = {"resident": "个人", "firm": "企业"}
DELIVERY = {"electronic": "电子送达", "counter": "窗口领取", "post": "邮寄"}
CARRIED = "item."
_ASKS = ("supplement", "waiting_for_applicant")
_WORDS = (
    (r"step (\S*) is missing", "steps", "步骤“{0}”不存在。"),
    (r"(\S+) leads to (.*)", "steps", "步骤“{0}”的结果指向不存在的步骤“{1}”。"),
    (r"(\S+) is never reached", "steps", "步骤“{0}”永远到不了。"),
    (r"(\S+) never ends", "steps", "进入步骤“{0}”后永远不能办结。"),
    (r"(\S+) handles no cases", "steps", "角色“{0}”不办理事项。"),
    (r"escalation ends within one unit", "levels", "逾期上报的最后一级须为全县角色。"),
    (r"a clock without time", "limit", "每个时限至少一天。"),
)


def checked(code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version says, with nothing left open.

    Raises:
        ItemWrong: a case of it could get stuck, or its form cannot be filled; the fields name each place.
    """
    content = {name: told.get(name) for name in CONTENT}
    found = [*_shape_problems(code, content), *form.problems(content["form"] or {})]
    if not found:
        found = [*_kind_problems(kind_of({"code": code, "version": 1, **content})), *_ties(content)]
    if found:
        fields: dict[str, list[str]] = {}
        for path, zh in found:
            fields.setdefault(path, []).append(zh)
        raise ItemWrong(fields=fields)
    return content


def kind_of(found: Mapping[str, Any]) -> Kind:
    """Return the kind of the cases of a version."""
    appeal = found.get("appeal")
    return Kind(
        code=found["code"],
        version=found["version"],
        zh=found["zh"],
        prefix=found["prefix"],
        law=found["law"],
        limit=Limit(**found["limit"]),
        steps=tuple(_step(one) for one in found["steps"]),
        stops=tuple(Stop(**{**one, "longest": Limit(**one["longest"])}) for one in found["stops"]),
        remind=found["remind"],
        levels=tuple(Level(**one) for one in found["levels"]),
        appeal=Appeal(Limit(**appeal["limit"]), appeal["step"]) if appeal else None,
    )


def _step(told: Mapping[str, Any]) -> Step:
    outcomes = tuple(Outcome(**one) for one in told["outcomes"])
    return Step(**{**told, "limit": Limit(**told["limit"]), "outcomes": outcomes})


def _shape_problems(code: str, content: Mapping[str, Any]) -> Iterable[form.Problem]:
    if kind.is_literal(code):
        yield "code", "该代码是系统内置事项,请换一个。"
    if not content["steps"]:
        yield "steps", "至少一个步骤。"
    for name in ("steps", "stops", "materials"):
        if _twice(content[name]):
            yield name, "代码不能重复。"
    yield from _step_problems(content["steps"])
    yield from _stop_problems(content["stops"])


def _step_problems(steps: Iterable[Mapping[str, Any]]) -> Iterable[form.Problem]:
    for number, step in enumerate(steps):
        if not step["outcomes"] or _twice(step["outcomes"]):
            yield f"steps.{number}.outcomes", "至少一个结果,且代码不重复。"
        if step["by_area"] and step["unit"]:
            yield f"steps.{number}.unit", "按所在乡镇办理的步骤不能再指定单位。"


def _stop_problems(stops: Iterable[Mapping[str, Any]]) -> Iterable[form.Problem]:
    for number, stop in enumerate(stops):
        if (stop["code"] in _ASKS) != stop["asks"]:
            yield f"stops.{number}.code", "等待申请人的事由须用 waiting_for_applicant 或 supplement,其他事由不用。"
        if stop["code"] == "supplement" and not stop["once"]:
            yield f"stops.{number}.once", "补正须一次性告知。"


def _twice(parts: Iterable[Mapping[str, Any]]) -> bool:
    codes = [one["code"] for one in parts]
    return len(set(codes)) < len(codes)


def _kind_problems(told: Kind) -> Iterable[form.Problem]:
    for problem in kind.problems(told):
        yield next(
            (path, zh.format(*match.groups()))
            for pattern, path, zh in _WORDS
            if (match := re.fullmatch(pattern, problem, re.DOTALL))
        )
    if told.remind < 0 or any(low.after >= high.after for low, high in zip(told.levels, told.levels[1:], strict=False)):
        yield "levels", "逾期上报须逐级延后。"
    named = [one.carry_out for step in told.steps for one in step.outcomes] + [one.carry_out for one in told.stops]
    if any(one and not one.startswith(CARRIED) for one in named):
        yield "steps", f"决定后的自动办理只能是以 {CARRIED} 开头的项目。"


def _ties(content: Mapping[str, Any]) -> Iterable[form.Problem]:
    fields = form.fields(content["form"])
    if area := content["area"]:
        field = fields.get(area)
        if (
            field is None
            or field["type"] != "string"
            or "x-when" in field
            or area not in content["form"].get("required", [])
        ):
            yield "area", "请指定表单中一个必填、无条件的文字或单选字段,用于填写所在地区划代码。"
    if any(one["by_area"] for one in content["steps"]) and not area and "resident" in content["applicants"]:
        yield "area", "有按所在乡镇办理的步骤时,须指定填写区划代码的字段。"
