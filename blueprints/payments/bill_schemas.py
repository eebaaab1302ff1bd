"""Shapes of the lines of a bill."""

import marshmallow as ma
from marshmallow import validate

from blueprints.payments.schemas import BillView
from models.payments.bill_line import OUTCOME_ZH, STANDING_ZH
from models.payments.bill_resolve import WHY_ZH

_TIME = {"example": "2026-11-24T10:30:00+08:00"}
NOT_BLANK = validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")


class BillPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class BillLineQuery(BillPageQuery):
    """Lines of one outcome, or of one standing."""

    outcome = ma.fields.String(validate=validate.OneOf(tuple(OUTCOME_ZH)), metadata={"example": "missing_here"})
    standing = ma.fields.String(validate=validate.OneOf(tuple(STANDING_ZH)), metadata={"example": "open"})


class BillList(ma.Schema):
    """A page of matched bills, the newest day first."""

    items = ma.fields.List(ma.fields.Nested(BillView))
    next = ma.fields.String(allow_none=True)


class ResolutionView(ma.Schema):
    """How a line was settled, by whom and why."""

    how = ma.fields.String(metadata={"example": "timing"})
    how_zh = ma.fields.String(metadata={"example": "跨日入账,已在相邻账单核实"})
    by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    at = ma.fields.String(metadata=_TIME)
    note = ma.fields.String(metadata={"example": "11 月 24 日账单第 3 行"})


class BillLineView(ma.Schema):
    """A line with its outcome; what a side does not have is absent. `times` is how often the bill has its number."""

    id = ma.fields.String(metadata={"example": "2026-11-23:payment:673ec0a5c0ffee0123456789"})
    day = ma.fields.String(metadata={"example": "2026-11-23"})
    kind = ma.fields.String(validate=validate.OneOf(("payment", "refund")), metadata={"example": "payment"})
    number = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    transaction_id = ma.fields.String(metadata={"example": "4200002611202611230000000001"})
    there_fen = ma.fields.Integer(metadata={"example": 12000})
    there_state = ma.fields.String(metadata={"example": "SUCCESS"})
    here_fen = ma.fields.Integer(metadata={"example": 12000})
    here_state = ma.fields.String(metadata={"example": "paid"})
    outcome = ma.fields.String(validate=validate.OneOf(tuple(OUTCOME_ZH)), metadata={"example": "matched"})
    outcome_zh = ma.fields.String(metadata={"example": "一致"})
    standing = ma.fields.String(validate=validate.OneOf(tuple(STANDING_ZH)), metadata={"example": "none"})
    standing_zh = ma.fields.String(metadata={"example": "无需处理"})
    times = ma.fields.Integer(metadata={"example": 1})
    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    resolution = ma.fields.Nested(ResolutionView)


class BillLineList(ma.Schema):
    """A page of lines."""

    items = ma.fields.List(ma.fields.Nested(BillLineView))
    next = ma.fields.String(allow_none=True)


class ExplainBody(ma.Schema):
    """Why a line differs."""

    why = ma.fields.String(required=True, validate=validate.OneOf(tuple(WHY_ZH)), metadata={"example": "timing"})
    note = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 300), NOT_BLANK),
        metadata={"example": "11 月 24 日账单第 3 行"},
    )


class ReasonBody(ma.Schema):
    """Why."""

    reason = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 300), NOT_BLANK),
        metadata={"example": "经与微信支付核实,款项已到账,待查明来源"},
    )
