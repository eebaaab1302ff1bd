"""Shapes of the public cultural map."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.tourism.culture_map import FARTHEST_M, HERITAGE, Wanted

EAST, NORTH = 180, 90


class MapFilterQuery(ma.Schema):
    """What the places of the map are to be like."""

    kind = ma.fields.String(validate=validate.Length(1, 40), metadata={"example": "纪念馆"})
    level = ma.fields.String(validate=validate.Length(1, 20), metadata={"example": "4A"})
    heritage = ma.fields.String(validate=validate.OneOf(tuple(HERITAGE)), metadata={"example": "national"})
    town = ma.fields.String(validate=validate.Regexp(r"^[0-9]{9}\Z"), metadata={"example": "360731100"})
    open_today = ma.fields.Boolean(metadata={"example": True})
    free = ma.fields.Boolean(metadata={"example": True})
    bookable = ma.fields.Boolean(metadata={"example": True})


class CultureMapQuery(MapFilterQuery):
    """What part of the map, in WGS-84."""

    bbox = ma.fields.String(
        validate=validate.Length(7, 80),
        metadata={"description": "west,south,east,north", "example": "115,25.5,116,26.5"},
    )
    lon = ma.fields.Float(validate=validate.Range(-180, 180), metadata={"example": 115.41})
    lat = ma.fields.Float(validate=validate.Range(-90, 90), metadata={"example": 25.95})
    within_m = ma.fields.Integer(validate=validate.Range(1, FARTHEST_M), metadata={"example": 5000})

    @ma.validates_schema
    def together(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Longitude and latitude come together, a distance needs them, a box is four numbers in their order."""
        if ("lon" in data) != ("lat" in data):
            raise ma.ValidationError("经度和纬度要一起提供。", "lon")
        if "within_m" in data and "lon" not in data:
            raise ma.ValidationError("按距离筛选要同时提供经度和纬度。", "within_m")
        if "bbox" in data and box(data["bbox"]) is None:
            raise ma.ValidationError("应为 西,南,东,北 四个数,西小于东,南小于北。", "bbox")


class PagedMapQuery(ma.Schema):
    """What the form of the page sends: an empty choice is none."""

    kind = ma.fields.String(validate=validate.Length(0, 40))
    level = ma.fields.String(validate=validate.Length(0, 20))
    heritage = ma.fields.String(validate=validate.OneOf(("", *HERITAGE)))
    town = ma.fields.String(validate=validate.Regexp(r"^([0-9]{9})?\Z"))
    open_today = ma.fields.Boolean()
    free = ma.fields.Boolean()


class FeatureView(ma.Schema):
    """A place as a GeoJSON feature."""

    type = ma.fields.String(metadata={"example": "Feature"})
    id = ma.fields.String(metadata={"example": "museum"})
    geometry = ma.fields.Dict(allow_none=True, metadata={"example": {"type": "Point", "coordinates": [115.41, 25.956]}})
    properties = ma.fields.Dict(metadata={"example": {"name": "中央红军长征出发纪念馆", "kind": "纪念馆"}})


class CultureMapView(ma.Schema):
    """A FeatureCollection; `unlocated`, `facets` and `truncated` are foreign members in the sense of RFC 7946."""

    type = ma.fields.String(metadata={"example": "FeatureCollection"})
    features = ma.fields.List(ma.fields.Nested(FeatureView))
    unlocated = ma.fields.List(ma.fields.Nested(FeatureView))
    facets = ma.fields.Dict(metadata={"example": {"level": [{"value": "4A", "count": 2}]}})
    truncated = ma.fields.Boolean(metadata={"example": False})


def box(text: str) -> tuple[float, float, float, float] | None:
    """Return a box from its four numbers, None when it is none."""
    try:
        west, south, east, north = (float(one) for one in text.split(","))
    except ValueError:
        return None
    within = -EAST <= west < east <= EAST and -NORTH <= south < north <= NORTH
    return (west, south, east, north) if within else None


def wanted(query: dict[str, Any]) -> Wanted:
    """Return what a query asks for."""
    told = {name: value for name, value in query.items() if name not in {"bbox", "lon", "lat"}}
    near = (query["lon"], query["lat"]) if "lon" in query else None
    return Wanted(**told, near=near, box=box(query["bbox"]) if "bbox" in query else None)
