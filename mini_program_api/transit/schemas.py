"""Shapes of a resident's rides."""

import marshmallow as ma
from marshmallow import validate


class PageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 400))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class RideView(ma.Schema):
    """A ride: where, when, what it cost, and by which concession it was free."""

    id = ma.fields.String(metadata={"example": "bus-7:0f3c9a"})
    line = ma.fields.String(metadata={"example": "yudu-1"})
    line_name = ma.fields.String(metadata={"example": "1 路"})
    at = ma.fields.String(metadata={"example": "2026-11-24T08:30:00+08:00"})
    fare_fen = ma.fields.Integer(metadata={"example": 200})
    state = ma.fields.String(metadata={"description": "free、paid 或 owed", "example": "paid"})
    state_zh = ma.fields.String(metadata={"example": "已付车费"})
    late = ma.fields.Boolean(metadata={"description": "终端断网时乘坐, 事后入账", "example": False})
    concession_zh = ma.fields.String(metadata={"example": "65 周岁以上免费乘坐城市公交"})


class RideList(ma.Schema):
    """Rides, newest first."""

    items = ma.fields.List(ma.fields.Nested(RideView))
    next = ma.fields.String(allow_none=True)
