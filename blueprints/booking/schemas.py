"""Shapes of slots, orders and jobs as staff see them."""

import marshmallow as ma
from marshmallow import validate

from blueprints.places.schemas import OfficeSlotView
from models.booking.order_office_views import STATES

_ID = validate.Length(1, 64)
_TIME = {"example": "2026-11-24T09:00:00+08:00"}
_DAY = {"example": "2026-11-24"}
_RECORD = {"example": "673ec0a5c0ffee0123456789"}


class SlotCloseBody(ma.Schema):
    """Why the slot is closed."""

    reason = ma.fields.String(
        required=True,
        validate=validate.And(
            validate.Length(1, 200), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
        ),
        metadata={"example": "暴雨红色预警,景区临时关闭"},
    )


class OfficeSlotState(OfficeSlotView):
    """A slot after the change."""


class JobFailureView(ma.Schema):
    """What a job could not do, and the code of the error."""

    item = ma.fields.String(metadata=_RECORD)
    reason = ma.fields.String(metadata={"example": "ticket_used"})


class JobView(ma.Schema):
    """A long job and how far it is; `total` was counted when it began."""

    id = ma.fields.String(metadata=_RECORD)
    task = ma.fields.String(metadata={"example": "booking.cancel_slot_orders"})
    slot_id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    state = ma.fields.String(validate=validate.OneOf(("running", "done")), metadata={"example": "running"})
    done = ma.fields.Integer(metadata={"example": 40})
    total = ma.fields.Integer(metadata={"example": 187})
    failures = ma.fields.List(ma.fields.Nested(JobFailureView))
    started_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    started_at = ma.fields.String(metadata=_TIME)
    finished_at = ma.fields.String(metadata=_TIME)


class OfficeOrderQuery(ma.Schema):
    """Orders of a slot, or of a place and a day."""

    place = ma.fields.String(validate=_ID, metadata={"example": "museum"})
    day = ma.fields.Date(metadata=_DAY)
    slot = ma.fields.String(validate=_ID, metadata={"example": "museum-20261124-0900"})
    state = ma.fields.String(validate=validate.OneOf(STATES), metadata={"example": "issued"})
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class OfficeVisitorView(ma.Schema):
    """A visitor of an order, masked."""

    name = ma.fields.String(metadata={"example": "张**"})
    ticket_class = ma.fields.String(metadata={"example": "adult"})
    price_fen = ma.fields.Integer(metadata={"example": 6000})
    age_band = ma.fields.String(metadata={"example": "adult"})
    inspect = ma.fields.String(metadata={"example": "student_card"})
    document_kind = ma.fields.String(metadata={"example": "resident_id"})
    document_tail = ma.fields.String(metadata={"example": "**************1234"})
    number = ma.fields.Integer(metadata={"example": 0})
    state = ma.fields.String(metadata={"description": "booked 或 cancelled", "example": "booked"})


class OfficeExtraView(ma.Schema):
    """What an order takes beside its own slot."""

    slot_id = ma.fields.String(metadata={"example": "museum.guide-20261124-0900"})
    units = ma.fields.Integer(metadata={"example": 1})
    price_fen = ma.fields.Integer(metadata={"example": 8000})
    what = ma.fields.String(metadata={"example": "guide"})
    title_zh = ma.fields.String(metadata={"example": "馆内讲解"})
    state = ma.fields.String(metadata={"description": "cancelled 为该项已取消", "example": "cancelled"})


class OfficeOrderView(ma.Schema):
    """An order in a list."""

    id = ma.fields.String(metadata=_RECORD)
    place_id = ma.fields.String(metadata={"example": "museum"})
    slot_id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    day = ma.fields.String(metadata=_DAY)
    start = ma.fields.String(metadata=_TIME)
    end = ma.fields.String(metadata=_TIME)
    places = ma.fields.Integer(metadata={"example": 2})
    total_fen = ma.fields.Integer(metadata={"example": 12000})
    hold_until = ma.fields.String(metadata=_TIME)
    state = ma.fields.String(validate=validate.OneOf(STATES), metadata={"example": "issued"})
    state_zh = ma.fields.String(metadata={"example": "已出票"})
    channel = ma.fields.String(metadata={"example": "window"})
    resource = ma.fields.String(metadata={"example": "court_1"})
    extras = ma.fields.List(ma.fields.Nested(OfficeExtraView))
    visitors = ma.fields.List(ma.fields.Nested(OfficeVisitorView))


class OfficeOrderList(ma.Schema):
    """A page of orders, newest first."""

    items = ma.fields.List(ma.fields.Nested(OfficeOrderView))
    next = ma.fields.String(allow_none=True)


class OfficeTicketView(ma.Schema):
    """A ticket, without the code that opens the gate."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789-0"})
    number = ma.fields.Integer(metadata={"example": 0})
    state = ma.fields.String(metadata={"example": "valid"})
    ticket_class = ma.fields.String(metadata={"example": "adult"})
    enter_from = ma.fields.String(metadata=_TIME)
    enter_until = ma.fields.String(metadata=_TIME)
    used_at = ma.fields.String(metadata=_TIME)
    used_gate = ma.fields.String(metadata={"example": "东门 1 号闸机"})


class OfficeRefundView(ma.Schema):
    """What goes back, and how far it is."""

    fen = ma.fields.Integer(metadata={"example": 12000})
    state = ma.fields.String(metadata={"example": "succeeded"})


class OfficePartialRefundView(ma.Schema):
    """What goes back for visitors who were cancelled alone, and how far it is."""

    visitors = ma.fields.List(ma.fields.Integer(metadata={"example": 1}))
    fen = ma.fields.Integer(metadata={"example": 6000})
    state = ma.fields.String(metadata={"example": "succeeded"})


class OfficeHistoryView(ma.Schema):
    """One line of an order's history."""

    at = ma.fields.String(metadata=_TIME)
    what = ma.fields.String(metadata={"example": "issued"})
    who = ma.fields.String(metadata={"example": "system:checkout"})
    refund_fen = ma.fields.Integer(metadata={"example": 12000})
    visitors = ma.fields.List(ma.fields.Integer(metadata={"example": 1}))
    part = ma.fields.String(metadata={"example": "v1"})


class OfficeOrderWhole(OfficeOrderView):
    """An order with tickets, refund and history."""

    tickets = ma.fields.List(ma.fields.Nested(OfficeTicketView))
    refund = ma.fields.Nested(OfficeRefundView)
    partial_refunds = ma.fields.List(ma.fields.Nested(OfficePartialRefundView))
    refund_if_cancelled_fen = ma.fields.Integer(metadata={"example": 12000})
    history = ma.fields.List(ma.fields.Nested(OfficeHistoryView))


class WindowTicketView(OfficeTicketView):
    """A ticket with its code, for printing."""

    code = ma.fields.String()


class WindowOrderView(OfficeOrderView):
    """An order that a window or kiosk sold."""

    tickets = ma.fields.List(ma.fields.Nested(WindowTicketView))
    refund = ma.fields.Nested(OfficeRefundView)
    partial_refunds = ma.fields.List(ma.fields.Nested(OfficePartialRefundView))
    refund_if_cancelled_fen = ma.fields.Integer(metadata={"example": 12000})
