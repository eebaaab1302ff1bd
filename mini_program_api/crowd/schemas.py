"""Shapes of crowds in the mini-program."""

import marshmallow as ma

_LEVEL = {"description": "green 舒适、amber 较拥挤、red 已达上限、unknown 暂无数据", "example": "amber"}


class CrowdNowView(ma.Schema):
    """How full it is; without a fresh source the level is unknown and there is no number."""

    level = ma.fields.String(metadata=_LEVEL)
    level_zh = ma.fields.String(metadata={"example": "较拥挤"})
    inside = ma.fields.Integer(metadata={"example": 1640})
    at = ma.fields.String(metadata={"example": "2026-11-24T10:30:00+08:00"})
    age_seconds = ma.fields.Integer(metadata={"example": 24})
    last_at = ma.fields.String(metadata={"example": "2026-11-24T09:10:00+08:00"})
    estimate = ma.fields.Boolean()
    load_percent = ma.fields.Float(metadata={"example": 82.0})
    sales_stopped = ma.fields.Boolean()


class PlaceCrowdView(CrowdNowView):
    """How full a place is."""

    place_id = ma.fields.String(metadata={"example": "museum"})
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})


class PlaceCrowdList(ma.Schema):
    """All places that are counted."""

    items = ma.fields.List(ma.fields.Nested(PlaceCrowdView))
    next = ma.fields.String(allow_none=True)
