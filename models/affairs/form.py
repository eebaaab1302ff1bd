"""Forms of service items: a subset of JSON Schema (draft 2020-12) that a screen can show field by field.

    {"type": "object", "required": [name, …], "properties": {name: field, …}}
    field      string with `maxLength` | string with `enum` | string of format date | integer | number | boolean
               | array of `enum` strings; each with `title`, and `description` where it needs one
    x-when     {"field": an earlier field, "in": [values]}: asked only then; a condition of a field that is not asked
               does not hold
    x-sealed   true unless it is said: the answer is nobody's to see without opening the case
    x-zh       the words of the values of an `enum`, in their order

What can be filled is decided without trying: numbers and lengths leave room, a pattern comes with `examples` that it
fits, and a condition names a value that its field can take. Patterns are matched in linear time.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_FIELDS, MOST_VALUES, LONGEST, MOST_EXAMPLES = 60, 100, 2000, 3
LONGEST_TITLE, LONGEST_PATTERN = 100, 200
WIDEST = 10**12
_FRAME = {"type", "properties", "required", "additionalProperties", "title"}
_COMMON = {"type", "title", "description", "x-sealed", "x-when"}
_MORE = {
    "string": {"minLength", "maxLength", "pattern", "examples", "format", "enum", "x-zh"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "boolean": {"const"},
    "array": {"items", "minItems", "maxItems", "uniqueItems", "x-zh"},
}
Problem = tuple[str, str]


def problems(form: Mapping[str, Any]) -> list[Problem]:
    """Return where a form is no form of this subset, or cannot be filled, each with a sentence; empty when it can."""
    if not form:
        return []
    if set(form) - _FRAME or form.get("type") != "object" or form.get("additionalProperties", False) is not False:
        return [("form", "表单须为 type、properties、required 组成的对象。")]
    if "title" in form and not _is_text(form["title"], LONGEST_TITLE):
        return [("form.title", f"表单名称须为文字,最多 {LONGEST_TITLE} 个字。")]
    fields, required = form.get("properties"), form.get("required", [])
    if not isinstance(fields, dict) or len(fields) > MOST_FIELDS:
        return [("form.properties", f"最多 {MOST_FIELDS} 个字段。")]
    found: list[Problem] = []
    if not isinstance(required, list) or not _distinct(required) or set(required) - set(fields):
        found.append(("form.required", "只能列出表单中的字段,且不重复。"))
    earlier: dict[str, Any] = {}
    for name, field in fields.items():
        found += [(f"form.properties.{name}{path}", zh) for path, zh in _field_problems(name, field, earlier)]
        earlier[name] = field
    return found


def _distinct(values: list[Any]) -> bool:
    return all(isinstance(one, str) for one in values) and len(set(values)) == len(values)


def _field_problems(name: str, field: Any, earlier: Mapping[str, Any]) -> Iterator[Problem]:
    if not NAME.fullmatch(name):
        yield "", "字段名须以小写字母开头,只含小写字母、数字和下划线。"
    if not isinstance(field, dict) or not isinstance(field.get("type"), str) or field["type"] not in _MORE:
        yield ".type", "类型只能是 string、integer、number、boolean 或 array。"
        return
    if unknown := sorted(set(map(str, field)) - _COMMON - _MORE[field["type"]]):
        yield from ((f".{one}", "表单不支持这个关键字,请去掉。") for one in unknown)
        return
    if not _is_text(field.get("title"), LONGEST_TITLE):
        yield ".title", f"请填写字段名称,最多 {LONGEST_TITLE} 个字。"
    if "description" in field and not _is_text(field["description"], LONGEST):
        yield ".description", "说明须为文字。"
    if not isinstance(field.get("x-sealed", True), bool):
        yield ".x-sealed", "只能是 true 或 false。"
    if not field.get("x-sealed", True) and not (values(field) or field["type"] in {"boolean", "integer"}):
        yield ".x-sealed", "自由填写的内容须加密保存。"
    yield from _ROOM[field["type"]](field)
    if "x-when" in field:
        yield from _when_problems(field["x-when"], earlier)


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= len(value) <= longest and "\0" not in value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _string_room(field: Mapping[str, Any]) -> Iterator[Problem]:
    if "enum" in field:
        if extra := {"minLength", "maxLength", "pattern", "format", "examples"} & set(field):
            yield f".{min(extra)}", "选项字段不需要这个关键字。"
        yield from _enum_problems(field["enum"], field.get("x-zh"), ".enum")
    elif "format" in field:
        if field["format"] != "date" or {"minLength", "maxLength", "pattern", "examples"} & set(field):
            yield ".format", "格式只支持 date,且不与长度、pattern 同用。"
    else:
        yield from _text_room(field)
    if "x-zh" in field and "enum" not in field:
        yield ".x-zh", "只有选项字段才有选项文字。"


def _text_room(field: Mapping[str, Any]) -> Iterator[Problem]:
    least, most = field.get("minLength", 1), field.get("maxLength", 0)
    if not _is_count(least) or not _is_count(most) or not max(1, least) <= most <= LONGEST:
        yield ".maxLength", f"请填写最大长度(1 到 {LONGEST}),且不小于最小长度。"
        return
    if "pattern" not in field:
        return
    if not _is_text(field["pattern"], LONGEST_PATTERN) or not _compiles(field["pattern"]):
        yield ".pattern", "正则表达式无法识别,或过长。"
        return
    examples = field.get("examples")
    if not isinstance(examples, list) or not 1 <= len(examples) <= MOST_EXAMPLES:
        yield ".examples", f"用 pattern 时请给出 1 到 {MOST_EXAMPLES} 个符合的示例。"
    elif any(wrong(field, one) for one in examples):
        yield ".examples", "示例本身不符合要求,字段可能无法填写。"


def _compiles(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def _number_room(field: Mapping[str, Any]) -> Iterator[Problem]:
    low, high = field.get("minimum", -WIDEST), field.get("maximum", WIDEST)
    if any(isinstance(one, bool) or not isinstance(one, int | float) or not abs(one) <= WIDEST for one in (low, high)):
        yield ".minimum", "上下限须为数字,且不超过一万亿。"
    elif low > high or (field["type"] == "integer" and math.ceil(low) > math.floor(high)):
        yield ".maximum", "上下限之间没有可填的数。"


def _boolean_room(field: Mapping[str, Any]) -> Iterator[Problem]:
    if field.get("const", True) is not True:
        yield ".const", "只能是 true,用于须同意的声明。"


def _array_room(field: Mapping[str, Any]) -> Iterator[Problem]:
    items = field.get("items")
    if not isinstance(items, dict) or set(items) - {"type", "enum"} or items.get("type") != "string":
        yield ".items", "多选字段须写明选项:items 为带 enum 的 string。"
        return
    yield from _enum_problems(items.get("enum"), field.get("x-zh"), ".items.enum")
    if field.get("uniqueItems") is not True:
        yield ".uniqueItems", "多选字段须写明 uniqueItems 为 true。"
    number = len(items["enum"]) if isinstance(items.get("enum"), list) else 0
    least, most = field.get("minItems", 0), field.get("maxItems", number)
    if not _is_count(least) or not _is_count(most) or not max(1, least) <= most <= MOST_VALUES or least > number:
        yield ".minItems", "至少、至多选几项与选项个数不符。"


def _enum_problems(enum: Any, words: Any, path: str) -> Iterator[Problem]:
    if not isinstance(enum, list) or not 1 <= len(enum) <= MOST_VALUES:
        yield path, f"请列出 1 到 {MOST_VALUES} 个选项。"
    elif not _distinct(enum) or not all(_is_text(one, LONGEST_TITLE) for one in enum):
        yield path, "选项须为不重复的文字。"
    elif words is not None and not (
        isinstance(words, list) and len(words) == len(enum) and all(_is_text(one, LONGEST_TITLE) for one in words)
    ):
        yield ".x-zh", "选项文字须与选项一一对应。"


_ROOM = {
    "string": _string_room,
    "integer": _number_room,
    "number": _number_room,
    "boolean": _boolean_room,
    "array": _array_room,
}


def _when_problems(when: Any, earlier: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(when, dict) or set(when) != {"field", "in"} or when["field"] not in list(earlier):
        yield ".x-when", "条件须指向前面的字段,写成 {field, in}。"
        return
    asked, wanted = earlier[when["field"]], when["in"]
    possible = [] if not isinstance(asked, dict) else values(asked)
    if not possible or not isinstance(wanted, list) or not wanted:
        yield ".x-when", "条件只能指向单选或是否字段,并列出取值。"
    elif any(
        not any(one is value or (one == value and type(one) is type(value)) for value in possible) for one in wanted
    ):
        yield ".x-when", "条件中的取值不在该字段的选项内,这一项永远不会出现。"


def values(field: Mapping[str, Any]) -> list[Any]:
    """Return the few values that a field can take, empty where they are many or several at once."""
    if field.get("type") == "boolean":
        return [True] if "const" in field else [True, False]
    return list(field["enum"]) if field.get("type") == "string" and isinstance(field.get("enum"), list) else []


def fields(form: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of a form in their order."""
    return dict(form.get("properties", {}))


def wrong(field: Mapping[str, Any], answer: Any) -> str:
    """Return the JSON Schema keyword that an answer to a field offends, "" where it is right."""
    first = next(iter(_validator(field).iter_errors(answer)), None)
    if first is None:
        return ""
    return next(str(one) for one in reversed(first.schema_path) if isinstance(one, str) and one != "allOf")


def _validator(field: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    told = {name: value for name, value in field.items() if name not in {"title", "description", "examples"}}
    if told["type"] == "string":
        told = {**told, "minLength": max(1, told.get("minLength", 1)), "allOf": [{"pattern": r"^[^\x00]*$"}]}
    elif told["type"] in {"integer", "number"}:
        told = {"minimum": -WIDEST, "maximum": WIDEST, **told}
    return jsonschema_rs.Draft202012Validator(told, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions())
