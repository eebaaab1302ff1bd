"""Shapes of districts, of their import, and of address points."""

import marshmallow as ma
from marshmallow import validate

from blueprints.school.schemas import NamedView

_DISTRICT = {"example": "d1"}
_POLYGON = {"type": "Polygon", "coordinates": [[[115.4, 25.9], [115.42, 25.9], [115.42, 25.92], [115.4, 25.9]]]}
_FEATURE = {
    "type": "Feature",
    "properties": {"code": "d1", "name": "城东片区", "schools": ["shiyan_primary"], "streets": [], "villages": []},
    "geometry": _POLYGON,
}


class DistrictFile(ma.Schema):
    """A GeoJSON FeatureCollection as map programs write it; what each feature must hold stands in docs/school.md."""

    type = ma.fields.String(
        required=True, validate=validate.Equal("FeatureCollection"), metadata={"example": "FeatureCollection"}
    )
    features = ma.fields.List(ma.fields.Dict(), required=True, metadata={"example": [_FEATURE]})
    name = ma.fields.String(validate=validate.Length(0, 200), metadata={"example": "学区"})
    crs = ma.fields.Dict(
        metadata={"example": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}}
    )
    bbox = ma.fields.List(ma.fields.Float(), validate=validate.Length(4, 6), metadata={"example": [115, 25, 116, 26]})


class DistrictErrorView(ma.Schema):
    """What is wrong with a feature."""

    row = ma.fields.Integer(metadata={"description": "第几个学区,0 为整个文件", "example": 1})
    code = ma.fields.String(metadata=_DISTRICT)
    field = ma.fields.String(metadata={"example": "geometry"})
    message = ma.fields.String(metadata={"example": "环没有闭合:最后一点须与第一点相同。"})


class DistrictCheckView(ma.Schema):
    """What an import would take, and what is wrong with it."""

    districts = ma.fields.Integer(metadata={"example": 6})
    wrong = ma.fields.Integer(metadata={"example": 0})
    positions = ma.fields.Integer(metadata={"example": 320})
    items = ma.fields.List(ma.fields.Nested(DistrictErrorView))


class DistrictOutcomeView(ma.Schema):
    """What an import did."""

    districts = ma.fields.Integer(metadata={"example": 6})
    changed = ma.fields.Boolean(metadata={"example": True})
    generation = ma.fields.String(metadata={"example": "000001-0123456789abcdef01234567"})


class StreetRuleView(ma.Schema):
    """A house-number rule."""

    street = ma.fields.String(metadata={"example": "长征大道"})
    # `from` is a word of Python; the wire calls it so.
    locals()["from"] = ma.fields.Integer(metadata={"example": 1})
    to = ma.fields.Integer(metadata={"example": 99})
    side = ma.fields.String(validate=validate.OneOf(("all", "odd", "even")), metadata={"example": "odd"})
    zh = ma.fields.String(metadata={"example": "长征大道 1–99 号单号"})


class DistrictView(ma.Schema):
    """A district without its polygon."""

    code = ma.fields.String(metadata=_DISTRICT)
    name = ma.fields.String(metadata={"example": "城东片区"})
    schools = ma.fields.List(ma.fields.Nested(NamedView))
    overflow = ma.fields.List(ma.fields.Nested(NamedView))
    villages = ma.fields.List(ma.fields.String(), metadata={"example": ["360731100003"]})
    streets = ma.fields.List(ma.fields.Nested(StreetRuleView))
    made_up = ma.fields.Boolean(metadata={"example": False})
    source = ma.fields.String(metadata={"example": "县教科体局 2027 年学区划分方案"})


class DistrictWholeView(DistrictView):
    """A district with its polygon and the names of its villages."""

    village_names = ma.fields.List(ma.fields.String(), metadata={"example": ["贡江居委会"]})
    polygon = ma.fields.Dict(metadata={"example": _POLYGON})


class DistrictList(ma.Schema):
    """All districts of a round, by code; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(DistrictView))
    next = ma.fields.String(allow_none=True)


class DistrictCollection(ma.Schema):
    """Districts as GeoJSON, as an import reads them."""

    type = ma.fields.String(metadata={"example": "FeatureCollection"})
    features = ma.fields.List(ma.fields.Dict(), metadata={"example": [_FEATURE]})


class AddressPointQuery(ma.Schema):
    """Of which street."""

    street = ma.fields.String(required=True, validate=validate.Length(2, 30), metadata={"example": "演示大道"})
    cursor = ma.fields.String(validate=validate.Length(1, 200), metadata={"example": "eyJ2IjoxfQ"})
    limit = ma.fields.Integer(load_default=50, validate=validate.Range(1, 100), metadata={"example": 50})


class AddressPointView(ma.Schema):
    """A standard address and where its door is."""

    street = ma.fields.String(metadata={"example": "演示大道"})
    number = ma.fields.String(metadata={"example": "12"})
    town = ma.fields.String(metadata={"example": "360731100"})
    village = ma.fields.String(metadata={"example": "360731100003"})
    point = ma.fields.List(ma.fields.Float(), metadata={"example": [115.386, 25.953]})


class AddressPointList(ma.Schema):
    """A page of address points, by house."""

    items = ma.fields.List(ma.fields.Nested(AddressPointView))
    next = ma.fields.String(allow_none=True)
