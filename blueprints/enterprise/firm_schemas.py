"""Shapes of the files of firms."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.schemas import StaffPageQuery
from models.affairs import case

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_CODE = {"example": "91360731MA35FAKE0P"}
_NAME = {"example": "于都县演示服装有限公司"}
_TEXT = validate.And(
    validate.Length(1, 2000), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z")
)


class FirmQuery(StaffPageQuery):
    """A page of firms."""


class FirmBody(ma.Schema):
    """Which firm."""

    credit_code = ma.fields.String(required=True, validate=validate.Length(18, 40), metadata=_CODE)


class FirmDisputeBody(ma.Schema):
    """What is wrong about a fact."""

    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "参保人数应为 32 人"})


class FirmField(ma.Schema):
    """One field of what a register says."""

    field = ma.fields.String(metadata={"example": "insured_staff"})
    zh = ma.fields.String(metadata={"example": "参保职工人数"})
    value_zh = ma.fields.String(metadata={"example": "32 人"})


class FirmFactView(ma.Schema):
    """What one register says about one matter of a firm, with its source and dates."""

    id = ma.fields.String(required=True, metadata=_ID)
    kind = ma.fields.String(required=True, metadata={"example": "firm.staff"})
    kind_zh = ma.fields.String(required=True, metadata={"example": "用工和参保情况"})
    value_zh = ma.fields.String(required=True, metadata={"example": "职工人数 40 人,参保职工人数 32 人"})
    fields = ma.fields.List(ma.fields.Nested(FirmField))  # type: ignore[assignment]  # the wire calls it so
    absent = ma.fields.Boolean(required=True, metadata={"example": False})
    source = ma.fields.String(required=True, metadata={"example": "unit_insurance"})
    source_zh = ma.fields.String(required=True, metadata={"example": "单位参保登记"})
    unit = ma.fields.String(required=True, metadata={"example": "social_insurance_centre"})
    unit_zh = ma.fields.String(required=True, metadata={"example": "县社会保险服务中心"})
    stated_on = ma.fields.String(metadata={"example": "2026-01-31"})
    fetched_at = ma.fields.String(required=True, metadata=_TIME)
    trust = ma.fields.String(required=True, metadata={"example": "authoritative"})
    trust_zh = ma.fields.String(required=True, metadata={"example": "权威登记"})
    state = ma.fields.String(required=True, metadata={"example": "current"})
    state_zh = ma.fields.String(required=True, metadata={"example": "有效"})
    stale = ma.fields.Boolean(required=True, metadata={"example": False})
    lagging = ma.fields.Boolean(required=True, metadata={"example": False})
    chosen = ma.fields.Boolean(required=True, metadata={"example": True})
    rule = ma.fields.String(required=True, metadata={"example": "only_source"})
    rule_zh = ma.fields.String(required=True, metadata={"example": "只有一个部门登记"})
    contradicted = ma.fields.Boolean(required=True, metadata={"example": False})


class FirmSourceView(ma.Schema):
    """How one register stands to a firm."""

    code = ma.fields.String(required=True, metadata={"example": "tax"})
    zh = ma.fields.String(required=True, metadata={"example": "税务登记"})
    unit_zh = ma.fields.String(required=True, metadata={"example": "县税务局"})
    asks_zh = ma.fields.String(required=True, metadata={"example": "查询本单位的纳税信用和上年度纳税"})
    state = ma.fields.String(required=True, metadata={"example": "answered"})
    state_zh = ma.fields.String(required=True, metadata={"example": "已查询"})
    answered_at = ma.fields.String(metadata=_TIME)


class FirmBrief(ma.Schema):
    """A firm."""

    credit_code = ma.fields.String(required=True, metadata=_CODE)
    name = ma.fields.String(required=True, metadata=_NAME)
    division = ma.fields.String(metadata={"example": "360731"})
    since = ma.fields.String(metadata=_TIME)


class FirmFile(FirmBrief):
    """The whole file of a firm."""

    items = ma.fields.List(ma.fields.Nested(FirmFactView), required=True)
    sources = ma.fields.List(ma.fields.Nested(FirmSourceView), required=True)


class FirmList(ma.Schema):
    """A page of firms."""

    items = ma.fields.List(ma.fields.Nested(FirmBrief), required=True)
    next = ma.fields.String(allow_none=True)


class FirmAsked(ma.Schema):
    """How asking one register went."""

    code = ma.fields.String(metadata={"example": "tax"})
    zh = ma.fields.String(metadata={"example": "税务登记"})
    result = ma.fields.String(metadata={"example": "asking"})
    result_zh = ma.fields.String(metadata={"example": "正在查询"})


class FirmAskedList(ma.Schema):
    """How asking the registers went."""

    items = ma.fields.List(ma.fields.Nested(FirmAsked))
    next = ma.fields.String(allow_none=True)


class FirmDisputeView(ma.Schema):
    """The case of a disputed fact."""

    id = ma.fields.String(metadata=_ID)
    number = ma.fields.String(metadata={"example": "FACT-20261123-0001"})
    state = ma.fields.String(validate=validate.OneOf(tuple(case.STATES)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "办理中"})


class FirmJob(ma.Schema):
    """A job that goes through firms; look at it under /office/v1/jobs."""

    job_id = ma.fields.String(metadata=_ID)
    total = ma.fields.Integer(metadata={"example": 1200})
