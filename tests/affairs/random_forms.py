"""Random forms and fillings, and a second opinion on both: plain JSON Schema, judged by another program."""

import itertools

import jsonschema
from hypothesis import strategies as st

WORDS = ("red", "green", "blue")
PATTERN = {"pattern": "^[a-c]{2,4}$", "maxLength": 4}


@st.composite
def fields(draw, earlier: list[str]):
    sort = draw(st.sampled_from(["text", "pattern", "enum", "date", "integer", "number", "boolean", "several"]))
    field = draw(_SORTS[sort])
    field = {"title": "项目", **field}
    if earlier and draw(st.booleans()):
        value = draw(st.sampled_from([*WORDS, True, False, 1]))
        field["x-when"] = {"field": draw(st.sampled_from([*earlier, "gone"])), "in": [value]}
    return field


_number = st.integers(-3, 3)
_count = st.integers(0, 4)
_enum = st.lists(st.sampled_from(WORDS), max_size=3, unique=True)
_SORTS = {
    "text": st.fixed_dictionaries({"type": st.just("string"), "maxLength": _count}, optional={"minLength": _count}),
    "pattern": st.sampled_from(["ab", "abcc", "zz", "a"]).map(
        lambda one: {"type": "string", **PATTERN, "examples": [one]}
    ),
    "enum": st.fixed_dictionaries({"type": st.just("string"), "enum": _enum}),
    "date": st.just({"type": "string", "format": "date"}),
    "integer": st.fixed_dictionaries(
        {"type": st.just("integer")}, optional={"minimum": st.sampled_from([-1, 0.2, 2]), "maximum": _number}
    ),
    "number": st.fixed_dictionaries({"type": st.just("number")}, optional={"minimum": _number, "maximum": _number}),
    "boolean": st.sampled_from([{"type": "boolean"}, {"type": "boolean", "const": True}]),
    "several": st.builds(
        lambda enum, least, most: {
            "type": "array",
            "items": {"type": "string", "enum": enum},
            "uniqueItems": True,
            "minItems": least,
            "maxItems": most,
        },
        _enum,
        _count,
        _count,
    ),
}


@st.composite
def forms(draw):
    told: dict[str, dict] = {}
    for number in range(draw(st.integers(1, 4))):
        told[f"f{number}"] = draw(fields(list(told)))
    required = draw(st.lists(st.sampled_from(list(told)), unique=True))
    return {"type": "object", "required": required, "properties": told}


def candidates(field: dict) -> list:
    """Return some answers to a field, right and wrong ones; of what can be right, at least one is."""
    if field["type"] == "boolean":
        return [True, False]
    if field["type"] in {"integer", "number"}:
        return [field.get("minimum", -5), field.get("maximum", 5), 0, 1, 2, -1, 0.5, True]
    if field["type"] == "array":
        enum = field["items"]["enum"]
        return [enum[: field["minItems"]], enum, ["red", "red"], ["none"], []]
    if "enum" in field:
        return [*field["enum"], "none", True]
    if "format" in field:
        return ["2026-11-20", "2026-13-01", ""]
    return ["ab", "x" * max(1, field.get("minLength", 1)), "", "x\0y", "x" * 9]


@st.composite
def fillings(draw, form: dict):
    found = {}
    for name, field in form["properties"].items():
        if draw(st.integers(0, 3)):
            found[name] = draw(st.sampled_from(candidates(field)))
    if draw(st.integers(0, 9)) == 0:
        found["other"] = 1
    return found


def standard(form: dict) -> jsonschema.Draft202012Validator:
    """Return the form as JSON Schema without any word of ours."""
    plain = {name: _plain(one) for name, one in form["properties"].items()}
    asked = {name: one["x-when"] for name, one in form["properties"].items() if "x-when" in one}
    rules = [
        {
            "if": {"properties": {when["field"]: {"enum": when["in"]}}, "required": [when["field"]]},
            "then": {"required": [name] if name in form["required"] else []},
            "else": {"properties": {name: False}},
        }
        for name, when in asked.items()
    ]
    told = {"type": "object", "properties": plain, "additionalProperties": False, "allOf": rules}
    told["required"] = [name for name in form["required"] if name not in asked]
    return jsonschema.Draft202012Validator(told, format_checker=jsonschema.FormatChecker())


def _plain(field: dict) -> dict:
    told = {name: value for name, value in field.items() if not name.startswith("x-")}
    if told["type"] == "string":
        told = {"not": {"pattern": "\\x00"}, "allOf": [{"minLength": 1}], **told}
    return told


def can_be_filled(form: dict) -> bool:
    """Tell, by trying, whether each field can be filled in some filling that would be taken."""
    judge, names = standard(form), list(form["properties"])
    choices = [[None, *candidates(form["properties"][name])] for name in names]
    seen: set[str] = set()
    for chosen in itertools.product(*choices):
        answers = {name: one for name, one in zip(names, chosen, strict=True) if one is not None}
        filled = {name for name, one in answers.items() if one != []}
        if not filled <= seen and judge.is_valid(answers):
            seen |= filled
    return seen == set(names)
