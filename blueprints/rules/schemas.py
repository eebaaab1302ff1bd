"""Shapes of rule sets and parameters. The tree itself is checked by the rules, place by place."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.approval_schemas import REASON
from blueprints.identity.schemas import StaffPageQuery
from models.rules import difference, grammar, parameters, rule_set, rule_set_views

_CODE = {"example": "scenic_free_senior"}
_CODE_FORM = validate.Regexp(rf"^{grammar.CODE}\Z")
_PARAMETER_CODE = {"example": "senior_free_age"}
_ID = {"example": "scenic_free_senior:1"}
_ID_FORM = validate.Regexp(rf"^{grammar.CODE}:[1-9][0-9]{{0,5}}\Z")
_DAY = {"example": "2026-11-23"}
_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_SHORT = validate.And(validate.Length(1, 60), validate.Regexp(r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*\Z"))
_CONDITION = {"ge": [{"fact": "person.age"}, {"param": "senior_free_age"}]}
_FACT = {"name": "person.age", "kind": "number", "zh": "年龄(周岁)", "personal": True, "whose": "县公安局"}
_OUTPUT = {
    "name": "amount_fen",
    "zh": "补贴金额",
    "unit": "fen",
    "value": {"multiply": [{"fact": "claim.area_mu"}, 10000]},
    "round": "half_up",
}
_TRACE = {
    "outcome": "yes",
    "zh": "年龄(周岁)不低于免费年龄",
    "operator": "ge",
    "facts": [{"name": "person.age", "zh": "年龄(周岁)", "personal": True, "value": 67, "source": "试算", "as_of": ""}],
    "rule": "scenic_free_senior",
    "version": 1,
}


class RuleSource(ma.Schema):
    """The document that a rule or a value comes from."""

    title = ma.fields.String(required=True, validate=validate.Length(1, 200), metadata={"example": "老年人权益保障法"})
    edition = ma.fields.String(validate=validate.Length(0, 100), metadata={"example": "2018 修正"})
    clause = ma.fields.String(validate=validate.Length(0, 100), metadata={"example": "第五十八条"})
    url = ma.fields.String(validate=validate.Length(0, 500), metadata={"example": "http://mzj.nc.gov.cn/"})


class RuleSetQuery(StaffPageQuery):
    """Versions of one rule, or in one state."""

    code = ma.fields.String(validate=_CODE_FORM, metadata=_CODE)
    state = ma.fields.String(validate=validate.OneOf(tuple(rule_set.STATE_ZH)), metadata={"example": "active"})


class RuleSetBody(ma.Schema):
    """What a version says."""

    zh = ma.fields.String(required=True, validate=_SHORT, metadata={"example": "65 周岁以上老年人免费进景区"})
    condition = ma.fields.Raw(required=True, metadata={"type": "object", "example": _CONDITION})
    facts = ma.fields.List(ma.fields.Dict(), required=True, metadata={"example": [_FACT]})
    outputs = ma.fields.List(ma.fields.Dict(), load_default=list, metadata={"example": [_OUTPUT]})
    source = ma.fields.Nested(RuleSource, required=True)
    valid_from = ma.fields.Date(required=True, metadata=_DAY)
    valid_to = ma.fields.Date(load_default=None, allow_none=True, metadata={"example": "2027-12-31"})
    demo = ma.fields.Boolean(load_default=False, metadata={"description": "演示用", "example": False})


class NewRuleSetBody(RuleSetBody):
    """The next version of a rule, or the first of a new one."""

    code = ma.fields.String(required=True, validate=_CODE_FORM, metadata=_CODE)


class RuleSetBrief(ma.Schema):
    """A version without its tree."""

    id = ma.fields.String(metadata=_ID)
    code = ma.fields.String(metadata=_CODE)
    version = ma.fields.Integer(metadata={"example": 1})
    zh = ma.fields.String(metadata={"example": "65 周岁以上老年人免费进景区"})
    state = ma.fields.String(validate=validate.OneOf(tuple(rule_set.STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "已启用"})
    valid_from = ma.fields.String(metadata=_DAY)
    valid_to = ma.fields.String(metadata={"example": "2027-12-31"})
    source = ma.fields.Dict(metadata={"example": {"title": "老年人权益保障法", "clause": "第五十八条"}})
    hash = ma.fields.String(metadata={"description": "内容的 SHA-256", "example": "9f86d081884c7d65" * 4})
    demo = ma.fields.Boolean(metadata={"example": False})
    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    active_at = ma.fields.String(metadata=_TIME)


class RuleSetView(RuleSetBrief):
    """A version with its tree and its words."""

    condition = ma.fields.Dict(metadata={"example": _CONDITION})
    facts = ma.fields.List(ma.fields.Dict(), metadata={"example": [_FACT]})
    outputs = ma.fields.List(ma.fields.Dict(), metadata={"example": [{**_OUTPUT, "how_zh": "(面积 × 10000),四舍五入"}]})
    sentence = ma.fields.String(metadata={"example": "年龄(周岁)不低于免费年龄"})


class RuleSetList(ma.Schema):
    """A page of versions."""

    items = ma.fields.List(ma.fields.Nested(RuleSetBrief))
    next = ma.fields.String(allow_none=True)


class RuleTryBody(ma.Schema):
    """Made-up facts by name: a value each, or `{"missing": reason, "whose": unit}`."""

    facts = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        validate=validate.Length(0, 100),
        metadata={"example": {"person.age": 67}},
    )
    day = ma.fields.Date(metadata=_DAY)


class RuleTried(ma.Schema):
    """How the version decides, and why."""

    rule = ma.fields.String(metadata=_CODE)
    version = ma.fields.Integer(metadata={"example": 1})
    day = ma.fields.String(metadata=_DAY)
    outcome = ma.fields.String(validate=validate.OneOf(("yes", "no", "unknown")), metadata={"example": "yes"})
    missing = ma.fields.List(ma.fields.String(), metadata={"example": ["person.age"]})
    values = ma.fields.Dict(metadata={"example": {"amount_fen": 12000}})
    why_zh = ma.fields.String(
        metadata={"example": "符合“65 周岁以上老年人免费进景区”:满足“年龄(周岁)不低于免费年龄”。"}
    )
    trace = ma.fields.Dict(metadata={"example": _TRACE})


class RuleCompareBody(ma.Schema):
    """Another version of the rule, and rows of made-up or anonymous facts."""

    other = ma.fields.String(required=True, validate=_ID_FORM, metadata={"example": "scenic_free_senior:2"})
    rows = ma.fields.List(
        ma.fields.Dict(keys=ma.fields.String()),
        required=True,
        validate=validate.Length(1, rule_set_views.MOST_ROWS),
        metadata={"example": [{"person.age": 62}, {"person.age": 70}]},
    )
    day = ma.fields.Date(metadata=_DAY)


_SIDE = {"example": {"outcome": "no", "values": {}}}


class RuleChange(ma.Schema):
    """A row whose result differs; `row` counts from 0."""

    row = ma.fields.Integer(metadata={"example": 0})
    change = ma.fields.String(validate=validate.OneOf(tuple(difference.CHANGES)), metadata={"example": "gains"})
    change_zh = ma.fields.String(metadata={"example": "由不符合变为符合"})
    before = ma.fields.Dict(metadata=_SIDE)
    after = ma.fields.Dict(metadata={"example": {"outcome": "yes", "values": {}}})


class RuleCompared(ma.Schema):
    """Who gains and who loses."""

    before = ma.fields.String(metadata=_ID)
    after = ma.fields.String(metadata={"example": "scenic_free_senior:2"})
    counts = ma.fields.Dict(metadata={"example": {"same": 1, "gains": 1, "loses": 0, "amount": 0, "unclear": 0}})
    changes = ma.fields.List(ma.fields.Nested(RuleChange))


class RuleProposeBody(ma.Schema):
    """Why the version should be put in force."""

    reason = ma.fields.String(required=True, validate=REASON, metadata={"example": "按省规定调整,附文号"})


class RuleParameterBody(ma.Schema):
    """A parameter to make; its values are proposed afterwards."""

    code = ma.fields.String(required=True, validate=_CODE_FORM, metadata=_PARAMETER_CODE)
    zh = ma.fields.String(required=True, validate=_SHORT, metadata={"example": "免费年龄"})
    kind = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(parameters.KINDS)), metadata={"example": "number"}
    )


class RuleValueBody(ma.Schema):
    """A value from a day on; decimals and days are written as in rules."""

    value = ma.fields.Raw(required=True, metadata={"description": "65、{'decimal': '0.45'} 等", "example": 65})
    valid_from = ma.fields.Date(required=True, metadata=_DAY)
    source = ma.fields.Nested(RuleSource, required=True)
    reason = ma.fields.String(required=True, validate=REASON, metadata={"example": "按省规定调整,附文号"})


_VALUE = {"value": 65, "valid_from": "2018-12-12", "source": {"title": "老年人权益保障法"}}


class RuleParameterView(ma.Schema):
    """A parameter with its history, oldest first."""

    code = ma.fields.String(metadata=_PARAMETER_CODE)
    zh = ma.fields.String(metadata={"example": "免费年龄"})
    kind = ma.fields.String(validate=validate.OneOf(tuple(parameters.KINDS)), metadata={"example": "number"})
    kind_zh = ma.fields.String(metadata={"example": "数值"})
    values = ma.fields.List(ma.fields.Dict(), metadata={"example": [_VALUE]})
    proposed = ma.fields.Dict(metadata={"example": {**_VALUE, "approval": "673ec0a5c0ffee0123456789"}})


class RuleParameterList(ma.Schema):
    """A page of parameters."""

    items = ma.fields.List(ma.fields.Nested(RuleParameterView))
    next = ma.fields.String(allow_none=True)
