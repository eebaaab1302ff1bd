"""Shapes of who looked, and of one's own data."""

import marshmallow as ma
from marshmallow import validate

_TIME = {"example": "2026-11-23T09:30:00+08:00"}


class OwnDataPageQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class LookView(ma.Schema):
    """One look."""

    id = ma.fields.String(metadata={"description": "用于追问“为什么查看我”", "example": "673ec0a5c0ffee0123456789"})
    at = ma.fields.String(metadata=_TIME)
    case = ma.fields.String(metadata={"example": "PIPL-20261123-000001"})


class LookGroupView(ma.Schema):
    """The looks of one day, unit and purpose, in words."""

    day = ma.fields.String(metadata={"example": "2026-11-23"})
    unit = ma.fields.String(metadata={"example": "culture_tourism"})
    unit_zh = ma.fields.String(metadata={"example": "县文广新旅局"})
    purpose = ma.fields.String(metadata={"example": "booking_service"})
    purpose_zh = ma.fields.String(metadata={"example": "办理预约服务"})
    fields_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["姓名", "证件尾号"]})
    count = ma.fields.Integer(metadata={"example": 3})
    lines = ma.fields.List(ma.fields.Nested(LookView))
    sentence = ma.fields.String(
        metadata={"example": "11月23日,县文广新旅局因“办理预约服务”查看了您的姓名、证件尾号,共 3 次。"}
    )


class LookList(ma.Schema):
    """A page of looks, newest first."""

    items = ma.fields.List(ma.fields.Nested(LookGroupView))
    next = ma.fields.String(allow_none=True)


class HoldingView(ma.Schema):
    """A kind of data that may be held about a resident."""

    collection = ma.fields.String(metadata={"example": "orders"})
    collection_zh = ma.fields.String(metadata={"example": "预约订单"})
    at_deletion = ma.fields.String(metadata={"example": "restrict"})
    at_deletion_zh = ma.fields.String(metadata={"example": "依法留存,仅存储不使用"})
    because_zh = ma.fields.String(metadata={"example": "会计档案管理办法"})


class HoldingList(ma.Schema):
    """All kinds; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(HoldingView))
    next = ma.fields.String(allow_none=True)


class RecordList(ma.Schema):
    """A page of records of one kind, opened."""

    items = ma.fields.List(ma.fields.Dict(), metadata={"example": [{"id": "673ec0a5c0ffee0123456789"}]})
    next = ma.fields.String(allow_none=True)
