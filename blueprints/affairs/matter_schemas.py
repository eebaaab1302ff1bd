"""Shapes of deliveries and figures as the staff handle them."""

import marshmallow as ma
from marshmallow import validate

from models.affairs import delivery
from models.affairs.matter_forms import ResultDeliveryBrief, ResultDeliveryView, text, word


class ResultDeliveryQuery(ma.Schema):
    """Which deliveries of one's units, and which page of them."""

    state = ma.fields.String(
        load_default="preparing", validate=validate.OneOf(list(delivery.STATES)), metadata={"example": "preparing"}
    )
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class ResultDeliveryList(ma.Schema):
    """A page of deliveries."""

    items = ma.fields.List(ma.fields.Nested(ResultDeliveryBrief))
    next = ma.fields.String(allow_none=True)


class OfficeDelivery(ResultDeliveryView):
    """A delivery with its address, for who prints and sends it."""

    case = word("673ec0a5c0ffee0123456789")


class PickUpBody(ma.Schema):
    """The code that the applicant shows."""

    code = ma.fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}\Z"), metadata={"example": "042917"})


class PostBody(ma.Schema):
    """Which carrier has it, under which number."""

    carrier = text("中国邮政EMS", 40, required=True)
    tracking = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[A-Za-z0-9-]{4,40}\Z"), metadata={"example": "1234567890123"}
    )


class PostSettledBody(ma.Schema):
    """What became of it on the post."""

    state = ma.fields.String(
        required=True, validate=validate.OneOf(["received", "returned"]), metadata={"example": "received"}
    )


class RatingFigureQuery(ma.Schema):
    """Which month."""

    month = ma.fields.String(
        required=True, validate=validate.Regexp(r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z"), metadata={"example": "2026-11"}
    )


class RatingFigureView(ma.Schema):
    """The ratings of a unit in a month."""

    unit = word("justice")
    unit_zh = word("县司法局")
    month = word("2026-11")
    rated = ma.fields.Integer(metadata={"example": 12})
    bad = ma.fields.Integer(metadata={"example": 1})
    visited = ma.fields.Integer(metadata={"example": 1})
    average = ma.fields.String(metadata={"description": "平均分,没有评价时为空", "example": "4.67"})
    stars = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), metadata={"example": {"5": 10}})
    tags = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), metadata={"example": {"fast": 8}})
    outcomes = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), metadata={"example": {"mended": 1}})


class RatingFigureList(ma.Schema):
    """The ratings of one's units in a month."""

    items = ma.fields.List(ma.fields.Nested(RatingFigureView))
    next = ma.fields.String(allow_none=True)
