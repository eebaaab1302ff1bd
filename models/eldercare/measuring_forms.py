"""Shapes of wearables and their samples, as office and phone both show them."""

import marshmallow as ma
from marshmallow import validate

from models.eldercare import sample_form

DEVICE_ID = r"^[a-z0-9][a-z0-9_-]{2,63}\Z"
_TIME = {"example": "2026-11-20T09:30:00+08:00"}
_NUMBER = {"example": 72.5}
_QUANTITY = {"example": "heart_rate"}


class HealthWearingView(ma.Schema):
    """One wearing; `worn` tells whether it lasts."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    device_id = ma.fields.String(metadata={"example": "band-0001"})
    name = ma.fields.String(metadata={"example": "健康手环"})
    since = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata=_TIME)
    worn = ma.fields.Boolean(metadata={"example": True})


class HealthWearingList(ma.Schema):
    """What an elder wears and wore, the newest first: a few."""

    items = ma.fields.List(ma.fields.Nested(HealthWearingView))
    next = ma.fields.String(allow_none=True)


class HealthSampleQuery(ma.Schema):
    """Which quantity, and from which day to which."""

    quantity = ma.fields.String(
        required=True, validate=validate.OneOf(sample_form.SAMPLED), metadata=_QUANTITY
    )  # fmt: skip
    first = ma.fields.Date(required=True, metadata={"description": "开始日", "example": "2026-11-14"})
    last = ma.fields.Date(required=True, metadata={"description": "结束日", "example": "2026-11-20"})


class HealthSampleHourView(ma.Schema):
    """An hour of samples."""

    hour = ma.fields.Integer(metadata={"example": 9})
    count = ma.fields.Integer(metadata={"example": 720})
    least = ma.fields.Float(metadata=_NUMBER)
    most = ma.fields.Float(metadata=_NUMBER)
    mean = ma.fields.Float(metadata=_NUMBER)


class HealthSampleDayView(ma.Schema):
    """A day of samples."""

    day = ma.fields.String(metadata={"example": "2026-11-20"})
    count = ma.fields.Integer(metadata={"example": 17280})
    least = ma.fields.Float(metadata=_NUMBER)
    most = ma.fields.Float(metadata=_NUMBER)
    mean = ma.fields.Float(metadata=_NUMBER)
    hours = ma.fields.List(ma.fields.Nested(HealthSampleHourView))


class HealthSampleDayList(ma.Schema):
    """Days in a row, the oldest first; days without samples are not there."""

    quantity = ma.fields.String(metadata=_QUANTITY)
    quantity_zh = ma.fields.String(metadata={"example": "心率"})
    unit = ma.fields.String(metadata={"description": "UCUM 单位", "example": "/min"})
    unit_zh = ma.fields.String(metadata={"example": "次/分"})
    items = ma.fields.List(ma.fields.Nested(HealthSampleDayView))
    next = ma.fields.String(allow_none=True)
