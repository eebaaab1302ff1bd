"""Shapes of the cultural map in the mini-program."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend import geo
from mini_program_api.places.schemas import NearQuery
from models.tourism.culture_map import FARTHEST_M, HERITAGE, Wanted


class MiniMapQuery(NearQuery):
    """What part of the map, and what its places are to be like; positions as WeChat gives them (GCJ-02)."""

    kind = ma.fields.String(validate=validate.Length(1, 40), metadata={"example": "纪念馆"})
    level = ma.fields.String(validate=validate.Length(1, 20), metadata={"example": "4A"})
    heritage = ma.fields.String(validate=validate.OneOf(tuple(HERITAGE)), metadata={"example": "national"})
    town = ma.fields.String(validate=validate.Regexp(r"^[0-9]{9}\Z"), metadata={"example": "360731100"})
    open_today = ma.fields.Boolean(metadata={"example": True})
    free = ma.fields.Boolean(metadata={"example": True})
    bookable = ma.fields.Boolean(metadata={"example": True})
    within_m = ma.fields.Integer(validate=validate.Range(1, FARTHEST_M), metadata={"example": 5000})
    west = ma.fields.Float(validate=validate.Range(-180, 180), metadata={"example": 115})
    south = ma.fields.Float(validate=validate.Range(-90, 90), metadata={"example": 25.5})
    east = ma.fields.Float(validate=validate.Range(-180, 180), metadata={"example": 116})
    north = ma.fields.Float(validate=validate.Range(-90, 90), metadata={"example": 26.5})

    @ma.validates_schema
    def whole(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A box has four sides in their order, a distance its position."""
        sides = [name for name in ("west", "south", "east", "north") if name in data]
        if sides and (len(sides) < 4 or data["west"] >= data["east"] or data["south"] >= data["north"]):  # noqa: PLR2004 - four sides
            raise ma.ValidationError("应同时提供西、南、东、北四边,西小于东,南小于北。", "west")
        if "within_m" in data and "lon" not in data:
            raise ma.ValidationError("按距离筛选要同时提供经度和纬度。", "within_m")


class MiniFeatureView(ma.Schema):
    """A place as a GeoJSON feature."""

    type = ma.fields.String(metadata={"example": "Feature"})
    id = ma.fields.String(metadata={"example": "museum"})
    geometry = ma.fields.Dict(allow_none=True, metadata={"example": {"type": "Point", "coordinates": [115.41, 25.956]}})
    properties = ma.fields.Dict(metadata={"example": {"name": "中央红军长征出发纪念馆", "gcj02": [115.415, 25.953]}})


class MiniMapView(ma.Schema):
    """A FeatureCollection with facets; what has no known position stands apart."""

    type = ma.fields.String(metadata={"example": "FeatureCollection"})
    features = ma.fields.List(ma.fields.Nested(MiniFeatureView))
    unlocated = ma.fields.List(ma.fields.Nested(MiniFeatureView))
    facets = ma.fields.Dict(metadata={"example": {"level": [{"value": "4A", "count": 2}]}})
    truncated = ma.fields.Boolean(metadata={"example": False})


def wanted(query: dict[str, Any]) -> Wanted:
    """Return what a query asks for, in WGS-84."""
    names = ("kind", "level", "heritage", "town", "open_today", "free", "bookable", "within_m")
    told = {name: query[name] for name in names if name in query}
    near = geo.to_wgs84(query["lon"], query["lat"]) if "lon" in query else None
    if "west" not in query:
        return Wanted(**told, near=near)
    corners = (*geo.to_wgs84(query["west"], query["south"]), *geo.to_wgs84(query["east"], query["north"]))
    return Wanted(**told, near=near, box=corners)
