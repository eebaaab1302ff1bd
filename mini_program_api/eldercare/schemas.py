"""Shapes of the health view on the phone."""

import marshmallow as ma
from marshmallow import validate

from models.eldercare import hide
from models.eldercare.item_forms import HealthPlaceView

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-20T09:30:00+08:00"}


class HealthOwnTimelineQuery(ma.Schema):
    """A page of the timeline, of one code or kind where it is named."""

    word = ma.fields.String(
        load_default="", validate=validate.OneOf(("", *hide.WORDS_ZH)), metadata={"example": "blood_pressure"}
    )
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class HealthVeilView(ma.Schema):
    """Something that is hidden."""

    id = ma.fields.String(metadata=_ID)
    word = ma.fields.String(metadata={"example": "condition"})
    word_zh = ma.fields.String(metadata={"example": "健康问题"})
    item_id = ma.fields.String(metadata=_ID)
    family = ma.fields.Boolean(metadata={"example": True})
    units = ma.fields.List(ma.fields.String(), metadata={"example": ["tantou_clinic"]})
    units_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["潭头村卫生室"]})
    written_by_zh = ma.fields.String(
        metadata={"description": "由哪个单位按本人意愿代为登记;本人操作的没有此项", "example": "潭头村卫生室"}
    )
    at = ma.fields.String(metadata=_TIME)


class HealthVeilList(ma.Schema):
    """All that is hidden; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(HealthVeilView))
    next = ma.fields.String(allow_none=True)


class HealthCareList(ma.Schema):
    """The units that care for one, and so may look; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(HealthPlaceView))
    next = ma.fields.String(allow_none=True)
