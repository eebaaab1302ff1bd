"""Shapes of zones."""

import marshmallow as ma
from marshmallow import validate

from models.places import zone

_CODE = validate.Regexp(r"^([a-z][a-z0-9_]{0,31})?\Z")
_NAME = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*\Z"
_ID = validate.Regexp(r"^[a-z0-9][a-z0-9_-]{0,63}\Z")


class ZoneView(ma.Schema):
    """A zone; the empty code is the place as a whole. `most_entries` 0 is any number within the ticket's hours."""

    code = ma.fields.String(required=True, validate=_CODE, metadata={"example": "hall_a"})
    name_zh = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 40), validate.Regexp(_NAME)),
        metadata={"example": "一号展厅"},
    )
    most_entries = ma.fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.Range(0, 100),
        metadata={"description": "每票可入次数,0 为不限", "example": 1},
    )
    again = ma.fields.String(
        load_default="after_exit",
        validate=validate.OneOf(zone.AGAIN),
        metadata={"description": "再次入内:after_exit 须先出,free 不看出口", "example": "after_exit"},
    )
    ticket_types = ma.fields.List(
        ma.fields.String(validate=_ID),
        load_default=list,
        validate=validate.Length(0, 50),
        metadata={"description": "含该区的票种,空为全部", "example": ["adult"]},
    )
    parent = ma.fields.String(
        load_default="", validate=_CODE, metadata={"description": "上级分区,空为整个景点", "example": ""}
    )


class ZonesBody(ma.Schema):
    """All zones of a place, and whether its gates take codes that do not change."""

    zones = ma.fields.List(ma.fields.Nested(ZoneView), required=True, validate=validate.Length(0, zone.MOST))
    static_code = ma.fields.String(
        load_default="accept",
        validate=validate.OneOf(zone.STATIC_CODES),
        metadata={"description": "静态码:accept 接受,inspect 须看证件,refuse 不接受", "example": "inspect"},
    )
