"""Shapes of bills and refunds."""

import marshmallow as ma
from marshmallow import validate

_TIME = {"example": "2026-11-24T10:30:00+08:00"}


class BillDifferenceView(ma.Schema):
    """One line that does not agree; an amount is absent where the line is missing."""

    kind = ma.fields.String(validate=validate.OneOf(("payment", "refund")), metadata={"example": "payment"})
    what = ma.fields.String(
        validate=validate.OneOf(("only_at_wechat", "only_here", "amount_differs", "state_differs", "duplicate")),
        metadata={"example": "only_here"},
    )
    number = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    here_fen = ma.fields.Integer(metadata={"example": 12000})
    there_fen = ma.fields.Integer(metadata={"example": 12000})


class BillOutcomesView(ma.Schema):
    """How many lines of each outcome a bill has."""

    matched = ma.fields.Integer(metadata={"example": 210})
    amount_differs = ma.fields.Integer(metadata={"example": 1})
    missing_here = ma.fields.Integer(metadata={"example": 1})
    missing_there = ma.fields.Integer(metadata={"example": 0})
    state_differs = ma.fields.Integer(metadata={"example": 0})
    duplicate = ma.fields.Integer(metadata={"example": 0})


class BillView(ma.Schema):
    """The matched bill of a day; `open` counts the lines that wait for a person, `differences` are the first 500."""

    day = ma.fields.String(metadata={"example": "2026-11-23"})
    lines = ma.fields.Integer(metadata={"example": 212})
    paid_fen = ma.fields.Integer(metadata={"example": 1272000})
    refunded_fen = ma.fields.Integer(metadata={"example": 12000})
    outcomes = ma.fields.Nested(BillOutcomesView)
    open = ma.fields.Integer(metadata={"example": 2})
    summary_agrees = ma.fields.Boolean(metadata={"description": "账单末尾汇总与明细是否一致", "example": True})
    differences = ma.fields.List(ma.fields.Nested(BillDifferenceView))
    matched_at = ma.fields.String(metadata=_TIME)


class RefundQuery(ma.Schema):
    """Which refunds; only those that need a person can be listed."""

    needing = ma.fields.String(required=True, validate=validate.OneOf(("person",)), metadata={"example": "person"})
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class OfficeRefundWhole(ma.Schema):
    """A refund that ended without reaching the payer."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789-order"})
    payment_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    amount_fen = ma.fields.Integer(metadata={"example": 12000})
    reason = ma.fields.String(metadata={"example": "订单取消"})
    state = ma.fields.String(metadata={"example": "abnormal"})
    state_zh = ma.fields.String(metadata={"example": "退款异常,需在商户平台处理"})
    requested_at = ma.fields.String(metadata=_TIME)


class OfficeRefundList(ma.Schema):
    """A page of refunds."""

    items = ma.fields.List(ma.fields.Nested(OfficeRefundWhole))
    next = ma.fields.String(allow_none=True)
