"""Shapes of closings over several days, and of cancelling an order for somebody."""

import marshmallow as ma
from marshmallow import validate

from blueprints.booking.schemas import JobView

_DAY = {"example": "2026-11-24"}
_CLOCK = validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z|^24:00\Z")
NOT_BLANK = validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
CANCEL_REASONS = ("visitor_asked", "booked_wrongly", "other")


class ClosingSpanBody(ma.Schema):
    """Which slots: those of a place that begin between two times of some days, all by default."""

    place_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "museum"})
    first_day = ma.fields.Date(required=True, metadata=_DAY)
    last_day = ma.fields.Date(required=True, metadata=_DAY)
    start = ma.fields.String(load_default="00:00", validate=_CLOCK, metadata={"example": "09:00"})
    end = ma.fields.String(load_default="24:00", validate=_CLOCK, metadata={"example": "18:00"})
    resource = ma.fields.String(
        validate=validate.Length(0, 64),
        metadata={"description": "只关闭一个资源(如 court_1);空串为场所整体;不填为全部", "example": ""},
    )


class ClosingBody(ClosingSpanBody):
    """Which slots are closed, and why; who had booked is told the reason."""

    reason = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 200), NOT_BLANK),
        metadata={"example": "暴雨红色预警,景区临时关闭"},
    )


class AffectedView(ma.Schema):
    """Who is affected; `fen` goes back, `unpaid_orders` have paid nothing yet."""

    slots = ma.fields.Integer(metadata={"example": 12})
    orders = ma.fields.Integer(metadata={"example": 410})
    visitors = ma.fields.Integer(metadata={"example": 873})
    free_orders = ma.fields.Integer(metadata={"example": 35})
    unpaid_orders = ma.fields.Integer(metadata={"example": 4})
    fen = ma.fields.Integer(metadata={"example": 4876000})


class ClosingRefundsView(ma.Schema):
    """How many orders of a closing have their money back, and how many wait for it; `fen` is the sum."""

    none = ma.fields.Integer(metadata={"description": "无需退款", "example": 35})
    requested = ma.fields.Integer(metadata={"description": "退款处理中", "example": 300})
    to_collect = ma.fields.Integer(metadata={"description": "待到窗口领取现金", "example": 2})
    succeeded = ma.fields.Integer(metadata={"description": "已到账", "example": 70})
    trouble = ma.fields.Integer(metadata={"description": "需人工办理", "example": 1})
    fen = ma.fields.Integer(metadata={"example": 4876000})


class ClosingView(JobView):
    """A closing and how far it is, with the money."""

    refunds = ma.fields.Nested(ClosingRefundsView)


class OfficeCancelBody(ma.Schema):
    """Why an order is cancelled, and which of its visitors do not come; without any, nobody does."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(CANCEL_REASONS), metadata={"example": "visitor_asked"}
    )
    visitors = ma.fields.List(
        ma.fields.Integer(strict=True, validate=validate.Range(0, 99), metadata={"example": 1}),
        validate=validate.Length(1, 100),
    )
