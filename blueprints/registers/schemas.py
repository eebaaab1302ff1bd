"""Shapes of facts and registers for staff."""

import marshmallow as ma
from marshmallow import validate

from models.registers.fact_kind import KINDS

_TIME = {"example": "2026-11-23T09:30:00+08:00"}


class FactQuery(ma.Schema):
    """Which kinds of facts are needed, and for which case."""

    kind = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(KINDS))),
        required=True,
        validate=validate.Length(1, len(KINDS)),
        metadata={"description": "只查办理所需的种类,可重复", "example": ["household.address"]},
    )
    case = ma.fields.String(validate=validate.Length(1, 64), metadata={"example": "GJ-20261123-0001"})


class OfficeFactView(ma.Schema):
    """What one source says about one matter, masked."""

    id = ma.fields.String(required=True, metadata={"example": "673ec0a5c0ffee0123456789"})
    kind = ma.fields.String(required=True, metadata={"example": "household.address"})
    kind_zh = ma.fields.String(required=True, metadata={"example": "户籍地址"})
    value_zh = ma.fields.String(required=True, metadata={"example": "于都县贡江镇红旗****"})
    absent = ma.fields.Boolean(required=True)
    source = ma.fields.String(required=True, metadata={"example": "household"})
    source_zh = ma.fields.String(required=True, metadata={"example": "户籍登记"})
    unit = ma.fields.String(required=True, metadata={"example": "public_security"})
    unit_zh = ma.fields.String(required=True, metadata={"example": "县公安局"})
    stated_on = ma.fields.String(metadata={"example": "2019-05-06"})
    fetched_at = ma.fields.String(required=True, metadata=_TIME)
    trust = ma.fields.String(required=True, metadata={"example": "authoritative"})
    trust_zh = ma.fields.String(required=True, metadata={"example": "权威登记"})
    state = ma.fields.String(required=True, metadata={"example": "disputed"})
    state_zh = ma.fields.String(required=True, metadata={"example": "有异议,核实中"})
    stale = ma.fields.Boolean(required=True)
    lagging = ma.fields.Boolean(required=True)
    chosen = ma.fields.Boolean(required=True)
    rule = ma.fields.String(required=True, metadata={"example": "more_trusted"})
    rule_zh = ma.fields.String(required=True, metadata={"example": "以权威登记为准"})
    contradicted = ma.fields.Boolean(required=True)


class AskedSourceView(ma.Schema):
    """How one register stands to this person."""

    code = ma.fields.String(required=True, metadata={"example": "household"})
    zh = ma.fields.String(required=True, metadata={"example": "户籍登记"})
    unit_zh = ma.fields.String(required=True, metadata={"example": "县公安局"})
    asks_zh = ma.fields.String(required=True)
    state = ma.fields.String(required=True, metadata={"example": "answered"})
    state_zh = ma.fields.String(required=True, metadata={"example": "已查询"})
    answered_at = ma.fields.String(metadata=_TIME)


class OfficeFactList(ma.Schema):
    """The facts of a person; the list is bounded, so there is no next page."""

    items = ma.fields.List(ma.fields.Nested(OfficeFactView), required=True)
    sources = ma.fields.List(ma.fields.Nested(AskedSourceView), required=True)
    next = ma.fields.String(allow_none=True)


class LastHourView(ma.Schema):
    """Answers of the last hour by result."""

    found = ma.fields.Integer(required=True, metadata={"example": 120})
    no_record = ma.fields.Integer(required=True, metadata={"example": 8})
    failed = ma.fields.Integer(required=True, metadata={"example": 0})


class RegisterView(ma.Schema):
    """How one register is."""

    code = ma.fields.String(required=True, metadata={"example": "household"})
    zh = ma.fields.String(required=True, metadata={"example": "户籍登记"})
    unit = ma.fields.String(required=True, metadata={"example": "public_security"})
    unit_zh = ma.fields.String(required=True, metadata={"example": "县公安局"})
    state = ma.fields.String(required=True, metadata={"example": "up"})
    state_zh = ma.fields.String(required=True, metadata={"example": "正常"})
    reason = ma.fields.String(metadata={"description": "最近一次失败的原因(英文短语)", "example": "ReadTimeout"})
    away_since = ma.fields.String(metadata=_TIME)
    last_success = ma.fields.String(metadata=_TIME)
    last_failure = ma.fields.String(metadata=_TIME)
    last_hour = ma.fields.Nested(LastHourView, required=True)


class RegisterList(ma.Schema):
    """All registers."""

    items = ma.fields.List(ma.fields.Nested(RegisterView), required=True)
    next = ma.fields.String(allow_none=True)
