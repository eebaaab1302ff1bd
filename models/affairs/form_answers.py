"""What applicants fill into a form: checked field by field, sealed as one value of their case."""

from collections.abc import Mapping
from typing import Any

import orjson
from bson import ObjectId

from backend import runtime
from models.affairs import form as forms
from models.affairs import service_item
from models.affairs.service_item_errors import AnswersWrong

_SAYING = {
    "missing": "此项必填。",
    "unknown": "表单中没有这一项,请去掉。",
    "not_asked": "按前面的选择,此项不用填写,请清空。",
    "type": "填写的类型不对,请按提示填写。",
    "enum": "请从列出的选项中选择。",
    "minLength": "不能为空或太短,至少 {minLength} 个字。",
    "maxLength": "太长,最多 {maxLength} 个字。",
    "pattern": "格式不对,请按示例填写。",
    "format": "日期不对,请按 2026-10-01 的样子填写。",
    "minimum": "不能小于 {minimum}。",
    "maximum": "不能大于 {maximum}。",
    "minItems": "至少选择 {minItems} 项。",
    "maxItems": "最多选择 {maxItems} 项。",
    "uniqueItems": "选项不能重复。",
    "const": "须同意后才能提交。",
}
CODES = {
    "missing": "missing",
    "unknown": "unknown",
    "not_asked": "not_asked",
    "type": "wrong_type",
    "enum": "not_a_choice",
    "minLength": "too_short",
    "maxLength": "too_long",
    "pattern": "wrong_pattern",
    "format": "not_a_date",
    "minimum": "too_small",
    "maximum": "too_large",
    "minItems": "too_few",
    "maxItems": "too_many",
    "uniqueItems": "repeated",
    "const": "not_agreed",
}
"""The stable code of a field's error for each way in which an answer can be wrong."""
_LEAST = {"minLength": 1, "minimum": -forms.WIDEST, "maximum": forms.WIDEST}


def check(form: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    """Check a filled form.

    Raises:
        AnswersWrong: with a sentence and a stable code for each field that is wrong.
    """
    if found := told(form, answers):
        raise AnswersWrong(
            fields={one["field"]: [one["zh"]] for one in found},
            field_codes={one["field"]: one["code"] for one in found},
        )


def told(form: Mapping[str, Any], answers: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what is wrong with a filled form: field, stable code and sentence."""
    fields = forms.fields(form)
    return [
        {"field": f"form.{name}", "code": CODES[how], "zh": _SAYING[how].format(**_LEAST | fields.get(name, {}))}
        for name, how in errors(form, answers).items()
    ]


def errors(form: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with each field of a filled form, empty where all is right."""
    fields = forms.fields(form)
    found = dict.fromkeys(answers.keys() - fields.keys(), "unknown")
    asked: set[str] = set()
    for name, field in fields.items():
        if _is_asked(field, asked, answers):
            asked.add(name)
            if name in answers:
                found[name] = forms.wrong(field, answers[name])
            elif name in form.get("required", ()):
                found[name] = "missing"
        elif name in answers:
            found[name] = "not_asked"
    return {name: how for name, how in found.items() if how}


def _is_asked(field: Mapping[str, Any], asked: set[str], answers: Mapping[str, Any]) -> bool:
    when = field.get("x-when")
    if when is None:
        return True
    answer = answers.get(when["field"])
    return when["field"] in asked and any(answer == one and type(answer) is type(one) for one in when["in"])


def open_part(form: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that the form says need no seal."""
    return {
        name: answers[name]
        for name, one in forms.fields(form).items()
        if name in answers and not one.get("x-sealed", True)
    }


def seal(case_id: ObjectId, answers: Mapping[str, Any]) -> bytes:
    """Return the answers as they lie in their case."""
    return runtime.current().sealer.seal("cases.form", case_id, orjson.dumps(answers).decode())


def of_case(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of a case, empty where it has no form."""
    if not found.get("form"):
        return {}
    opened: dict[str, Any] = orjson.loads(runtime.current().sealer.open("cases.form", found["_id"], found["form"]))
    return opened


def shown(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the answers of a case in the order and the words of the form of its version."""
    answers, item = of_case(found), service_item.of_case(found)
    fields = forms.fields(item["form"]) if item else {}
    return [
        {"name": name, "zh": field["title"], "answer": answers[name], "answer_zh": _in_words(field, answers[name])}
        for name, field in fields.items()
        if name in answers
    ]


def _in_words(field: Mapping[str, Any], answer: Any) -> str:
    if isinstance(answer, bool):
        return "是" if answer else "否"
    enum = field.get("enum") or field.get("items", {}).get("enum") or []
    words = dict(zip(enum, field.get("x-zh") or enum, strict=False))
    return "、".join(words.get(one, str(one)) for one in (answer if isinstance(answer, list) else [answer]))
