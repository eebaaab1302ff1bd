"""Shapes of what is sold at windows and kiosks."""

import marshmallow as ma
from marshmallow import validate

from backend.identity_documents import KINDS
from models.places.window import MOST_GUESTS

_ID = validate.Length(1, 64)
_SEEN = r"[^\s\x00-\x1f\x7f\x85\ufeff]"
_NAME = validate.And(validate.Length(1, 40), validate.Regexp(rf"^{_SEEN}([^\x00-\x1f\x7f\x85]*{_SEEN})?\Z"))


class DocumentBody(ma.Schema):
    """An identity document, as its reader or the clerk read it."""

    kind = ma.fields.String(required=True, validate=validate.OneOf(list(KINDS)), metadata={"example": "resident_id"})
    number = ma.fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"example": "440524188001010014"}
    )


class GuestBody(ma.Schema):
    """One visitor at the window; `inspected` when the papers that the ticket type asks for were shown there."""

    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "张三丰"})
    document = ma.fields.Nested(DocumentBody, required=True)
    ticket_type = ma.fields.String(required=True, validate=_ID, metadata={"example": "adult"})
    inspected = ma.fields.Boolean(load_default=False, metadata={"example": False})


class WindowExtraBody(ma.Schema):
    """A slot of a resource that is taken along."""

    slot_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "museum.guide-20261124-0900"})
    ticket_type = ma.fields.String(required=True, validate=_ID, metadata={"example": "guided_tour"})


class WindowOrderBody(ma.Schema):
    """A slot, who stands there, and the cash that was taken: exactly the price."""

    slot_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "pingshan-20261124-0900"})
    visitors = ma.fields.List(ma.fields.Nested(GuestBody), required=True, validate=validate.Length(1, MOST_GUESTS))
    extras = ma.fields.List(ma.fields.Nested(WindowExtraBody), load_default=[], validate=validate.Length(0, 4))
    paid_fen = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 100_000_00), metadata={"example": 6000}
    )
    phone = ma.fields.String(
        validate=validate.Regexp(r"^1[3-9][0-9]{9}\Z"),
        metadata={"example": "13800000001", "description": "游客自愿留下,仅用于时段关闭时通知"},
    )


class WindowCallQuery(ma.Schema):
    """Whose list, and which page."""

    place_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "pingshan"})
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class WindowCallView(ma.Schema):
    """Somebody without an account who must be told of a closing; `collect_fen` waits for them in cash."""

    order_id = ma.fields.String(metadata={"example": "6921b0c58f1d2a3b4c5d6e7f"})
    place_id = ma.fields.String(metadata={"example": "pingshan"})
    slot_id = ma.fields.String(metadata={"example": "pingshan-20261124-0900"})
    day = ma.fields.String(metadata={"example": "2026-11-24"})
    start = ma.fields.String(metadata={"example": "2026-11-24T09:00:00+08:00"})
    end = ma.fields.String(metadata={"example": "2026-11-24T11:00:00+08:00"})
    channel = ma.fields.String(metadata={"example": "window"})
    places = ma.fields.Integer(metadata={"example": 2})
    state = ma.fields.String(metadata={"example": "cancelled"})
    why = ma.fields.String(metadata={"example": "slot_closed"})
    why_zh = ma.fields.String(metadata={"example": "时段关闭,订单已取消"})
    reason = ma.fields.String(metadata={"example": "暴雨红色预警"})
    closed_at = ma.fields.String(metadata={"example": "2026-11-23T10:30:00+08:00"})
    collect_fen = ma.fields.Integer(metadata={"example": 12000})
    phone = ma.fields.String(metadata={"example": "13800000001"})


class WindowCallList(ma.Schema):
    """A page of them, the earliest sale first."""

    items = ma.fields.List(ma.fields.Nested(WindowCallView))
    next = ma.fields.String(allow_none=True)


class CallOffBody(ma.Schema):
    """Which visitors do not come, by their numbers; without any, nobody does."""

    visitors = ma.fields.List(
        ma.fields.Integer(strict=True, validate=validate.Range(0, MOST_GUESTS - 1), metadata={"example": 1}),
        validate=validate.Length(1, MOST_GUESTS),
    )


class KioskOrderBody(ma.Schema):
    """A slot and whose card lies on the reader."""

    slot_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "museum-20261124-0900"})
    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "张三丰"})
    document = ma.fields.Nested(DocumentBody, required=True)
    ticket_type = ma.fields.String(required=True, validate=_ID, metadata={"example": "adult"})


class KioskTicketView(ma.Schema):
    """What the kiosk prints."""

    order_id = ma.fields.String(metadata={"example": "6921b0c58f1d2a3b4c5d6e7f"})
    ticket_id = ma.fields.String(metadata={"example": "6921b0c58f1d2a3b4c5d6e7f-0"})
    code = ma.fields.String()
    day = ma.fields.String(metadata={"example": "2026-11-24"})
    start = ma.fields.String(metadata={"example": "09:00"})
    end = ma.fields.String(metadata={"example": "11:00"})
    inspect = ma.fields.String(metadata={"example": "student_card"})
    message = ma.fields.String(metadata={"example": "预约成功,请取走门票;凭票或身份证入园。"})
