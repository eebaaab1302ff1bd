"""Shapes of what is sold at windows and kiosks."""

import marshmallow as ma
from marshmallow import validate

from backend.identity_documents import KINDS
from models.places.window import MOST_GUESTS

_ID = validate.Length(1, 64)
_NAME = validate.And(validate.Length(1, 40), validate.Regexp(r"^\S(.*\S)?\Z"))


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
