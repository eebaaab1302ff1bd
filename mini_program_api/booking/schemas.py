"""Shapes of orders and tickets."""

import marshmallow as ma
from marshmallow import validate

from models.booking.checkout import MOST_VISITORS

_ID = validate.Length(1, 64)


class WishBody(ma.Schema):
    """One visitor and the ticket type wished for."""

    companion_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "9f3c1d6a9b20"})
    ticket_type = ma.fields.String(required=True, validate=_ID, metadata={"example": "adult"})


class ExtraBody(ma.Schema):
    """A slot of a resource that is taken along, a guide for example, and the type that sets its price."""

    slot_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "museum.guide-20261124-0900"})
    ticket_type = ma.fields.String(required=True, validate=_ID, metadata={"example": "guided_tour"})


class OrderBody(ma.Schema):
    """A slot and one to five visitors; `extras` are booked with it, all or nothing."""

    slot_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "pingshan-20261124-0900"})
    visitors = ma.fields.List(ma.fields.Nested(WishBody), required=True, validate=validate.Length(1, MOST_VISITORS))
    extras = ma.fields.List(ma.fields.Nested(ExtraBody), load_default=[], validate=validate.Length(0, 4))


class VisitorView(ma.Schema):
    """A visitor of an order, masked."""

    name = ma.fields.String(metadata={"example": "张**"})
    ticket_class = ma.fields.String(metadata={"example": "adult"})
    price_fen = ma.fields.Integer(metadata={"example": 6000})
    age_band = ma.fields.String(metadata={"example": "adult"})
    inspect = ma.fields.String(metadata={"example": "student_card"})
    document_kind = ma.fields.String(metadata={"example": "resident_id"})
    document_tail = ma.fields.String()
    number = ma.fields.Integer(metadata={"description": "退票时用的游客序号", "example": 0})
    state = ma.fields.String(metadata={"description": "booked 或 cancelled", "example": "booked"})


class TicketView(ma.Schema):
    """A ticket; `code` is the text of its QR code, readable without network."""

    id = ma.fields.String()
    number = ma.fields.Integer()
    state = ma.fields.String(metadata={"example": "valid"})
    ticket_class = ma.fields.String()
    enter_from = ma.fields.String(metadata={"example": "2026-11-24T08:30:00+08:00"})
    enter_until = ma.fields.String()
    code = ma.fields.String()
    used_at = ma.fields.String()
    used_gate = ma.fields.String()


class RefundView(ma.Schema):
    """The refund of an order."""

    fen = ma.fields.Integer(metadata={"example": 6000})
    state = ma.fields.String(metadata={"example": "succeeded"})


class PartialRefundView(ma.Schema):
    """What goes back for visitors who were cancelled alone, or for something beside the visit, and how far it is."""

    visitors = ma.fields.List(ma.fields.Integer(metadata={"example": 1}))
    fen = ma.fields.Integer(metadata={"example": 6000})
    state = ma.fields.String(metadata={"example": "succeeded"})


class CancelBody(ma.Schema):
    """Which visitors do not come, by their numbers; without any, nobody does."""

    visitors = ma.fields.List(
        ma.fields.Integer(strict=True, validate=validate.Range(0, 99), metadata={"example": 1}),
        validate=validate.Length(1, 100),
    )


class ExtraView(ma.Schema):
    """What an order takes beside its own slot."""

    slot_id = ma.fields.String(metadata={"example": "museum.guide-20261124-0900"})
    units = ma.fields.Integer(metadata={"example": 1})
    price_fen = ma.fields.Integer(metadata={"example": 8000})
    what = ma.fields.String(metadata={"example": "guide"})
    title_zh = ma.fields.String(metadata={"example": "馆内讲解"})
    state = ma.fields.String(metadata={"description": "cancelled 为该项已取消", "example": "cancelled"})


class OrderView(ma.Schema):
    """An order; `hold_until` is the end of an unpaid hold."""

    id = ma.fields.String(metadata={"example": "6921b0c58f1d2a3b4c5d6e7f"})
    place_id = ma.fields.String(metadata={"example": "pingshan"})
    slot_id = ma.fields.String(metadata={"example": "pingshan-20261124-0900"})
    day = ma.fields.String(metadata={"example": "2026-11-24"})
    start = ma.fields.String(metadata={"example": "2026-11-24T09:00:00+08:00"})
    end = ma.fields.String()
    total_fen = ma.fields.Integer(metadata={"example": 6000})
    hold_until = ma.fields.String()
    state = ma.fields.String(metadata={"example": "held"})
    state_zh = ma.fields.String(metadata={"example": "待支付"})
    places = ma.fields.Integer()
    resource = ma.fields.String(metadata={"example": "court_1"})
    channel = ma.fields.String(metadata={"example": "window"})
    extras = ma.fields.List(ma.fields.Nested(ExtraView))
    visitors = ma.fields.List(ma.fields.Nested(VisitorView))
    tickets = ma.fields.List(ma.fields.Nested(TicketView))
    refund = ma.fields.Nested(RefundView)
    partial_refunds = ma.fields.List(ma.fields.Nested(PartialRefundView))
    refund_if_cancelled_fen = ma.fields.Integer()


class OrderList(ma.Schema):
    """A page of orders."""

    items = ma.fields.List(ma.fields.Nested(OrderView))
    next = ma.fields.String(allow_none=True)


class PageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 200))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100))


class PaymentView(ma.Schema):
    """The arguments of wx.requestPayment."""

    appId = ma.fields.String()
    timeStamp = ma.fields.String()
    nonceStr = ma.fields.String()
    package = ma.fields.String(metadata={"example": "prepay_id=wx…"})
    signType = ma.fields.String(metadata={"example": "RSA"})
    paySign = ma.fields.String()
