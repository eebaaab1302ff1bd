"""Shapes of policies: what staff write, what offices and firms see."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.schemas import StaffPageQuery
from models.enterprise import conditions, judge, policy
from models.enterprise.firm_facts import FACTS
from models.rules.rule_set import STATE_ZH

_ID = {"example": "673ec0a5c0ffee0123456789"}
_DAY = {"example": "2026-11-23"}
_POLICY = {"example": "patent_invention"}
_VERSION = {"example": "enterprise_patent_invention:1"}
_CODE = {"example": "91360731MA35FAKE0P"}
_FEN = {"example": 200000}
_WORDS = r"^[^\x00-\x1f\x7f]*\Z"


def _words(longest: int) -> validate.Validator:
    return validate.And(validate.Length(1, longest), validate.Regexp(_WORDS))


def _money(*, least: int = 0) -> ma.fields.Integer:
    return ma.fields.Integer(strict=True, validate=validate.Range(least, policy.MOST_FEN), metadata=_FEN)


def _fact() -> ma.fields.String:
    return ma.fields.String(
        required=True, validate=validate.OneOf(tuple(FACTS)), metadata={"example": "statistics.size"}
    )


def _operator() -> ma.fields.String:
    return ma.fields.String(required=True, validate=validate.OneOf(conditions.OPERATORS), metadata={"example": "in"})


def _value() -> ma.fields.Raw:
    return ma.fields.Raw(metadata={"description": "按数据的类型填写;in 和 prefix 为清单", "example": ["small"]})


class PolicyWhere(ma.Schema):
    """Which elements of a list."""

    field = ma.fields.String(required=True, validate=_words(40), metadata={"example": "type"})
    operator = _operator()
    value = _value()


class PolicyConditionRow(ma.Schema):
    """One condition."""

    fact = _fact()
    operator = _operator()
    value = _value()
    where = ma.fields.Nested(PolicyWhere, allow_none=True, metadata={"example": None})


class PolicyConditionGroup(ma.Schema):
    """Conditions that count together."""

    logic = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(conditions.LOGIC)), metadata={"example": "any"}
    )
    rows = ma.fields.List(
        ma.fields.Nested(PolicyConditionRow), required=True, validate=validate.Length(1, conditions.MOST_ROWS)
    )


class PolicyConditions(ma.Schema):
    """The conditions as a form."""

    logic = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(conditions.LOGIC)), metadata={"example": "all"}
    )
    rows = ma.fields.List(
        ma.fields.Nested(PolicyConditionRow), load_default=list, validate=validate.Length(0, conditions.MOST_ROWS)
    )
    groups = ma.fields.List(
        ma.fields.Nested(PolicyConditionGroup),
        load_default=list,
        validate=validate.Length(0, conditions.MOST_GROUPS),
        metadata={"example": []},
    )


class PolicyTier(ma.Schema):
    """One tier."""

    when = ma.fields.Nested(PolicyConditionRow, required=True)
    percent = ma.fields.String(required=True, validate=_words(20), metadata={"example": "30"})


class PolicyMoney(ma.Schema):
    """How the money is computed."""

    kind = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(conditions.MONEY)), metadata={"example": "fixed"}
    )
    fen = _money(least=1)
    of = ma.fields.String(validate=validate.OneOf(tuple(FACTS)), metadata={"example": "staff.premiums_fen"})
    percent = ma.fields.String(validate=_words(20), metadata={"example": "60"})
    where = ma.fields.Nested(PolicyWhere, allow_none=True, metadata={"example": None})
    rows = ma.fields.List(ma.fields.Nested(PolicyTier), validate=validate.Length(1, 10), metadata={"example": []})
    otherwise = ma.fields.String(validate=_words(20), metadata={"example": "60"})
    zh = ma.fields.String(validate=_words(200), metadata={"example": "贷款额度最高 600 万元"})


class PolicySource(ma.Schema):
    """From which document and clause it comes."""

    title = ma.fields.String(required=True, validate=_words(200), metadata={"example": "赣州市支持纺织服装产业措施"})
    clause = ma.fields.String(validate=_words(200), metadata={"example": "第三条"})
    document = ma.fields.String(validate=_words(100), metadata={"example": "赣市府字〔2022〕13号"})
    url = ma.fields.String(validate=_words(400), metadata={"example": "https://www.ganzhou.gov.cn/"})


class PolicyBody(ma.Schema):
    """The frame of a policy."""

    title = ma.fields.String(required=True, validate=_words(60), metadata={"example": "纺织服装企业专利资助"})
    category = ma.fields.String(required=True, validate=_words(20), metadata={"example": "知识产权"})
    source = ma.fields.Nested(PolicySource, required=True)
    valid_from = ma.fields.Date(required=True, metadata={"example": "2026-01-01"})
    valid_to = ma.fields.Date(allow_none=True, load_default=None, metadata={"example": "2026-12-31"})
    money = ma.fields.Nested(PolicyMoney, required=True)
    ceiling_fen = ma.fields.Integer(
        strict=True, load_default=0, validate=validate.Range(0, policy.MOST_FEN), metadata={"example": 0}
    )
    note = ma.fields.String(allow_none=True, load_default=None, validate=_words(400), metadata={"example": "试行一年"})


class NewPolicyBody(PolicyBody):
    """A new policy."""

    code = ma.fields.String(required=True, validate=validate.Regexp(policy.CODE), metadata=_POLICY)


class PolicyConditionsBody(ma.Schema):
    """A version of a policy's conditions."""

    conditions = ma.fields.Nested(PolicyConditions, required=True)
    money = ma.fields.Nested(PolicyMoney, allow_none=True, load_default=None, metadata={"example": None})
    valid_from = ma.fields.Date(allow_none=True, load_default=None, metadata={"example": "2026-01-01"})
    valid_to = ma.fields.Date(allow_none=True, load_default=None, metadata={"example": None})


class PolicyProposeBody(ma.Schema):
    """Why."""

    reason = ma.fields.String(required=True, validate=_words(500), metadata={"example": "按文件编制"})


class PolicyCloseBody(ma.Schema):
    """Why."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(policy.CLOSED_ZH)), metadata={"example": "repealed"}
    )


class PolicyBudgetBody(ma.Schema):
    """How much there is in all."""

    budget_fen = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(0, policy.MOST_FEN), metadata={"example": 100000000}
    )


class PolicyTryBody(ma.Schema):
    """On which firm, by which version."""

    credit_code = ma.fields.String(required=True, validate=validate.Length(18, 18), metadata=_CODE)
    rule_set = ma.fields.String(load_default="", validate=validate.Length(0, 80), metadata={"example": ""})
    day = ma.fields.Date(allow_none=True, load_default=None, metadata=_DAY)


class PolicyQuery(StaffPageQuery):
    """A page."""


class PolicySourceView(ma.Schema):
    """From which document and clause it comes."""

    title = ma.fields.String(metadata={"example": "赣州市支持纺织服装产业措施"})
    clause = ma.fields.String(metadata={"example": "第三条"})
    document = ma.fields.String(allow_none=True, metadata={"example": "赣市府字〔2022〕13号"})
    url = ma.fields.String(allow_none=True, metadata={"example": "https://www.ganzhou.gov.cn/"})


class PolicyBrief(ma.Schema):
    """What everybody may know of a policy."""

    code = ma.fields.String(metadata=_POLICY)
    title = ma.fields.String(metadata={"example": "纺织服装企业专利资助"})
    category = ma.fields.String(metadata={"example": "知识产权"})
    unit = ma.fields.String(metadata={"example": "market_supervision"})
    source = ma.fields.Nested(PolicySourceView)
    valid_from = ma.fields.String(metadata={"example": "2026-01-01"})
    valid_to = ma.fields.String(metadata={"example": "2026-12-31"})
    state = ma.fields.String(validate=validate.OneOf(tuple(policy.STATES)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "受理中"})
    closed_for = ma.fields.String(metadata={"example": "repealed"})
    closed_for_zh = ma.fields.String(metadata={"example": "已废止"})
    over = ma.fields.String(validate=validate.OneOf(tuple(judge.VERDICTS)), metadata={"example": "expired"})
    over_zh = ma.fields.String(metadata={"example": "政策已过有效期"})
    pays = ma.fields.Boolean(metadata={"example": True})
    money_kind = ma.fields.String(validate=validate.OneOf(tuple(conditions.MONEY)), metadata={"example": "fixed"})
    money_kind_zh = ma.fields.String(metadata={"example": "定额"})
    money_zh = ma.fields.String(metadata={"example": "2000元"})
    ceiling_fen = ma.fields.Integer(metadata={"example": 0})
    unverified = ma.fields.Boolean(metadata={"description": "现行有效性未核", "example": False})
    note = ma.fields.String(metadata={"example": "试行一年"})


class PolicyForFirm(PolicyBrief):
    """A policy with its conditions in words."""

    sentence = ma.fields.String(metadata={"example": "企业规模为 small 之一"})


class PolicyForFirmList(ma.Schema):
    """A page of policies."""

    items = ma.fields.List(ma.fields.Nested(PolicyForFirm))
    next = ma.fields.String(allow_none=True)


class PolicyVersion(ma.Schema):
    """A version of a policy's conditions."""

    id = ma.fields.String(metadata=_VERSION)
    version = ma.fields.Integer(metadata={"example": 1})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "已启用"})
    valid_from = ma.fields.String(metadata={"example": "2026-01-01"})
    valid_to = ma.fields.String(metadata={"example": "2026-12-31"})
    hash = ma.fields.String(metadata={"example": "5f3c1d6a9b"})
    sentence = ma.fields.String(metadata={"example": "参保职工人数不超过 30"})
    amount_zh = ma.fields.String(metadata={"example": "2000元"})
    approval_id = ma.fields.String(metadata=_ID)


class PolicyView(PolicyBrief):
    """A policy as its office sees it."""

    money = ma.fields.Dict(metadata={"example": {"kind": "fixed", "fen": 200000}})
    budget_fen = ma.fields.Integer(metadata={"example": 100000000})
    left_fen = ma.fields.Integer(metadata={"example": 99800000})
    versions = ma.fields.List(ma.fields.Nested(PolicyVersion))


class PolicyList(ma.Schema):
    """A page of policies."""

    items = ma.fields.List(ma.fields.Nested(PolicyBrief))
    next = ma.fields.String(allow_none=True)


class PolicyLack(ma.Schema):
    """A fact that is not there, and whose it is."""

    name = ma.fields.String(metadata={"example": "staff.insured"})
    zh = ma.fields.String(metadata={"example": "参保职工人数"})
    whose_zh = ma.fields.String(metadata={"example": "县社会保险服务中心"})
    why_zh = ma.fields.String(metadata={"example": "尚未取得"})


class PolicyTried(ma.Schema):
    """How a policy comes out for a firm."""

    verdict = ma.fields.String(validate=validate.OneOf(tuple(judge.VERDICTS)), metadata={"example": "eligible"})
    verdict_zh = ma.fields.String(metadata={"example": "符合条件"})
    amount_fen = ma.fields.Integer(metadata=_FEN)
    lacks = ma.fields.List(ma.fields.Nested(PolicyLack))
    why_zh = ma.fields.String(metadata={"example": "符合“专利资助”:满足“行业代码以 17、18 开头”。"})
    trace = ma.fields.Dict(metadata={"example": {"outcome": "yes"}})
    rule_set = ma.fields.String(metadata=_VERSION)
    day = ma.fields.String(metadata=_DAY)
