"""Shapes of rides at validators, and of bus lines in the office."""

import marshmallow as ma
from marshmallow import validate


class BoardBody(ma.Schema):
    """The text that the validator read."""

    code = ma.fields.String(
        required=True,
        validate=validate.Length(1, 600),
        metadata={"example": "8L86H06%I8WO8PNDHP4B1DK0IX5-K9D8V:9O5BJ4YDX0RCR9M*C"},
    )


class BoardView(ma.Schema):
    """What the validator shows; `inspect` names the document that the driver looks at."""

    result = ma.fields.String(metadata={"example": "accepted"})
    message = ma.fields.String(metadata={"example": "请上车:65 周岁以上老年人免费乘城市公交。"})
    fare_fen = ma.fields.Integer(metadata={"example": 200})
    inspect = ma.fields.String(metadata={"example": "resident_id"})
    age_band = ma.fields.String(metadata={"example": "senior"})


class FareView(ma.Schema):
    """A fare and since when it holds."""

    valid_from = ma.fields.String(metadata={"example": "2026-01-01"})
    fen = ma.fields.Integer(metadata={"example": 200})
    source = ma.fields.String(metadata={"example": "演示数据"})


class LineView(ma.Schema):
    """A bus line with its fares."""

    id = ma.fields.String(metadata={"example": "yudu-1"})
    name = ma.fields.String(metadata={"example": "1 路"})
    operator = ma.fields.String(metadata={"example": "yudu-bus"})
    unit = ma.fields.String(metadata={"example": "transport"})
    fares = ma.fields.List(ma.fields.Nested(FareView))
    concessions = ma.fields.List(ma.fields.String(metadata={"example": "senior_65_bus"}))
    demo = ma.fields.Boolean()


class LineList(ma.Schema):
    """All bus lines."""

    items = ma.fields.List(ma.fields.Nested(LineView))
    next = ma.fields.String(allow_none=True)


class FareBody(ma.Schema):
    """A fare that begins on a day."""

    fen = ma.fields.Integer(required=True, strict=True, validate=validate.Range(1, 100_000), metadata={"example": 200})
    valid_from = ma.fields.Date(required=True, metadata={"example": "2027-01-01"})
    source = ma.fields.String(
        required=True, validate=validate.Length(1, 200), metadata={"example": "县发改局关于城市公交票价的批复"}
    )


class LineRideQuery(ma.Schema):
    """A page of a line's rides of a day; today's without one."""

    day = ma.fields.Date(metadata={"example": "2026-11-24"})
    cursor = ma.fields.String(validate=validate.Length(1, 400))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class LineRideView(ma.Schema):
    """A ride; whose it was is not told."""

    id = ma.fields.String(metadata={"example": "bus-7:0f3c9a"})
    at = ma.fields.String(metadata={"example": "2026-11-24T08:30:00+08:00"})
    fare_fen = ma.fields.Integer(metadata={"example": 200})
    state = ma.fields.String(validate=validate.OneOf(("free", "paid", "owed")), metadata={"example": "paid"})
    state_zh = ma.fields.String(metadata={"example": "已付车费"})
    late = ma.fields.Boolean(metadata={"description": "终端断网时乘坐, 事后入账", "example": False})


class RideSums(ma.Schema):
    """The rides of the whole day by how they were paid."""

    free_rides = ma.fields.Integer(metadata={"example": 41})
    paid_rides = ma.fields.Integer(metadata={"example": 230})
    owed_rides = ma.fields.Integer(metadata={"example": 2})
    paid_fen = ma.fields.Integer(metadata={"example": 46000})
    owed_fen = ma.fields.Integer(metadata={"example": 400})


class LineRideList(ma.Schema):
    """Rides of a line on a day, newest first."""

    day = ma.fields.String(metadata={"example": "2026-11-24"})
    sums = ma.fields.Nested(RideSums)
    items = ma.fields.List(ma.fields.Nested(LineRideView))
    next = ma.fields.String(allow_none=True)
