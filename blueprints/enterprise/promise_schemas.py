"""Shapes of promises and claw-backs."""

import marshmallow as ma
from marshmallow import validate

from blueprints.enterprise.policy_schemas import PolicyConditions, PolicyQuery
from models.enterprise import claw_back, policy, promise

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_POLICY = {"example": "patent_invention"}
_CODE = {"example": "91360731MA35FAKE0P"}
_NAME = {"example": "于都县演示服装有限公司"}
_FEN = {"example": 500000}


class PromiseRuleBody(ma.Schema):
    """A version of what firms promise."""

    conditions = ma.fields.Nested(PolicyConditions, required=True)
    valid_from = ma.fields.Date(allow_none=True, load_default=None, metadata={"example": "2026-01-01"})
    valid_to = ma.fields.Date(allow_none=True, load_default=None, metadata={"example": None})


class PromiseQuery(PolicyQuery):
    """Which promises."""

    state = ma.fields.String(
        load_default="broken", validate=validate.OneOf(tuple(promise.STATES)), metadata={"example": "running"}
    )


class ClawBackQuery(PolicyQuery):
    """Which claw-backs."""

    state = ma.fields.String(
        load_default="owed", validate=validate.OneOf(tuple(claw_back.STATES)), metadata={"example": "owed"}
    )


class RepaymentView(ma.Schema):
    """What came back."""

    paper = ma.fields.String(metadata={"example": "HD20271124-0017"})
    way = ma.fields.String(validate=validate.OneOf(tuple(claw_back.WAYS)), metadata={"example": "bank"})
    way_zh = ma.fields.String(metadata={"example": "银行转账"})
    fen = ma.fields.Integer(metadata=_FEN)
    at = ma.fields.String(metadata=_TIME)


class ClawBackView(ma.Schema):
    """What a firm is to pay back."""

    id = ma.fields.String(metadata=_ID)
    policy = ma.fields.String(metadata=_POLICY)
    credit_code = ma.fields.String(metadata=_CODE)
    fund = ma.fields.String(metadata={"example": "fund:enterprise"})
    amount_fen = ma.fields.Integer(metadata=_FEN)
    paid_fen = ma.fields.Integer(metadata={"example": 0})
    state = ma.fields.String(validate=validate.OneOf(tuple(claw_back.STATES)), metadata={"example": "owed"})
    state_zh = ma.fields.String(metadata={"example": "待退回"})
    approval_id = ma.fields.String(metadata=_ID)
    at = ma.fields.String(metadata=_TIME)
    agreed_at = ma.fields.String(metadata=_TIME)
    settled_at = ma.fields.String(metadata=_TIME)
    waived_at = ma.fields.String(metadata=_TIME)
    repayments = ma.fields.List(ma.fields.Nested(RepaymentView))


class ClawBackList(ma.Schema):
    """A page of claw-backs."""

    items = ma.fields.List(ma.fields.Nested(ClawBackView))
    next = ma.fields.String(allow_none=True)


class PromiseBrief(ma.Schema):
    """What a firm promised, and how it stands."""

    id = ma.fields.String(metadata=_ID)
    policy = ma.fields.String(metadata=_POLICY)
    credit_code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata=_NAME)
    text_zh = ma.fields.String(metadata={"example": "参保职工人数不少于 20"})
    until = ma.fields.String(metadata={"example": "2027-11-23"})
    state = ma.fields.String(validate=validate.OneOf(tuple(promise.STATES)), metadata={"example": "running"})
    state_zh = ma.fields.String(metadata={"example": "承诺期内"})
    rule_set = ma.fields.String(metadata={"example": "promise_patent_invention:1"})
    checks = ma.fields.Integer(metadata={"example": 0})
    promised_at = ma.fields.String(metadata=_TIME)
    checked_at = ma.fields.String(metadata=_TIME)
    why_zh = ma.fields.String(metadata={"example": "不符合:不满足“参保职工人数不少于 20”。"})
    claw_back = ma.fields.Nested(ClawBackView)


class PromiseList(ma.Schema):
    """A page of promises."""

    items = ma.fields.List(ma.fields.Nested(PromiseBrief))
    next = ma.fields.String(allow_none=True)


class PromiseView(PromiseBrief):
    """A promise with the trace of its check, made again from the record."""

    trace = ma.fields.Dict(metadata={"example": {"outcome": "no"}})
    replays = ma.fields.Boolean(metadata={"description": "按留存记录重算,结果与当时一致", "example": True})


class RepaymentBody(ma.Schema):
    """What a firm paid back; `paper` is the number of the bank's or the counter's paper."""

    fen = ma.fields.Integer(required=True, strict=True, validate=validate.Range(1, policy.MOST_FEN), metadata=_FEN)
    way = ma.fields.String(required=True, validate=validate.OneOf(tuple(claw_back.WAYS)), metadata={"example": "bank"})
    paper = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9-]{4,40}\Z", error="请填写票据编号,只含字母、数字和短横线。"),
        metadata={"example": "HD20271124-0017"},
    )
