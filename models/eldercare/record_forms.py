"""What a record of each kind may say, as staff write it down: one literal table, and the shape of it on the wire."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.eldercare import record

_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"
_LINE = validate.And(validate.Length(1, 100), validate.Regexp(_WORDS))
_TEXT = validate.And(validate.Length(1, 2000), validate.Regexp(_WORDS))
_SERVICE = ("minutes", "outcome_zh", "due_on")
MAY_SAY = {
    "condition": ("stage_zh", "none_known"),
    "medication": ("dosage_zh", "frequency_zh", "reason_zh", "none_known"),
    "allergy": ("criticality", "reaction_zh", "none_known"),
    "visit": ("place_zh", "outcome_zh", "due_on"),
    "check_up": ("place_zh", "outcome_zh", "due_on"),
    "care_plan": ("goals_zh", "due_on"),
    "meal": ("meal", "eaten"),
    "nursing": _SERVICE,
    "rehabilitation": _SERVICE,
    "social_work": _SERVICE,
    "note": (),
}
"""Beside title, text and coding; assessments and questionnaires are filled by their own tables."""
CRITICALITY_ZH = {"low": "一般", "high": "严重", "unable_to_assess": "无法判断"}
MEAL_ZH = {"breakfast": "早餐", "lunch": "午餐", "dinner": "晚餐"}
EATEN_ZH = {"all": "吃完", "half": "吃了一半", "little": "吃得很少", "none": "没有吃"}


def _line(example: str) -> ma.fields.String:
    return ma.fields.String(validate=_LINE, metadata={"example": example})


def _word(words: dict[str, str], example: str) -> ma.fields.String:
    return ma.fields.String(validate=validate.OneOf(tuple(words)), metadata={"example": example})


class HealthCodingBody(ma.Schema):
    """A code of a code system, for example of ICD-10."""

    system = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 200), validate.Regexp(r"^[!-~]+\Z")),
        metadata={"example": "http://hl7.org/fhir/sid/icd-10"},
    )
    code = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 60), validate.Regexp(r"^[!-~]+\Z")),
        metadata={"example": "I10"},
    )
    display = _line("原发性高血压")


class HealthContentBody(ma.Schema):
    """What a record says; which fields fit which kind stands in the table of kinds."""

    title_zh = ma.fields.String(required=True, validate=_LINE, metadata={"example": "高血压"})
    text = ma.fields.String(validate=_TEXT, metadata={"example": "2019 年确诊,规律服药"})
    coding = ma.fields.List(ma.fields.Nested(HealthCodingBody), validate=validate.Length(1, 5))
    stage_zh = _line("2 级")
    none_known = ma.fields.Boolean(metadata={"description": "经询问,没有此类情况", "example": False})
    dosage_zh = _line("5 毫克")
    frequency_zh = _line("每日一次,早餐后")
    reason_zh = _line("控制血压")
    criticality = _word(CRITICALITY_ZH, "high")
    reaction_zh = _line("皮疹")
    place_zh = _line("于都县人民医院")
    outcome_zh = _line("血压控制平稳")
    goals_zh = ma.fields.List(_line("血压低于 150/90"), validate=validate.Length(1, 10))
    due_on = ma.fields.Date(metadata={"description": "下一次的日期", "example": "2026-12-20"})
    meal = _word(MEAL_ZH, "lunch")
    eaten = _word(EATEN_ZH, "all")
    minutes = ma.fields.Integer(validate=validate.Range(1, 1440), metadata={"example": 30})


class HealthWrittenBody(ma.Schema):
    """The kind of a record and what it says."""

    kind = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(MAY_SAY)), metadata={"example": "condition"}
    )  # fmt: skip
    content = ma.fields.Nested(
        HealthContentBody, required=True, metadata={"example": {"title_zh": "高血压", "text": "2019 年确诊"}}
    )

    @ma.validates_schema
    def fits(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """The content says only what its kind may say."""
        allowed = {"title_zh", "text", "coding", *MAY_SAY[data["kind"]]}
        if wrong := sorted(set(data["content"]) - allowed):
            sentence = f"「{record.KINDS[data['kind']]}」没有此项,请去掉。"
            raise ma.ValidationError({"content": {name: [sentence] for name in wrong}})


def plain(content: dict[str, Any]) -> dict[str, Any]:
    """Return what a body says as a record keeps it: days as text."""
    return content | ({"due_on": content["due_on"].isoformat()} if "due_on" in content else {})
