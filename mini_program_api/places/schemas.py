"""Shapes of places, areas and slots."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from mini_program_api.crowd.schemas import CrowdNowView


class NearQuery(ma.Schema):
    """Where the asker stands, as WeChat gives it (GCJ-02)."""

    lon = ma.fields.Float(validate=validate.Range(-180, 180), metadata={"example": 115.41})
    lat = ma.fields.Float(validate=validate.Range(-90, 90), metadata={"example": 25.95})

    @ma.validates_schema
    def both(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Longitude and latitude come together."""
        if ("lon" in data) != ("lat" in data):
            raise ma.ValidationError("经度和纬度要一起提供。", "lon")


class PlaceQuery(NearQuery):
    """Filters of the list."""

    kind = ma.fields.String(validate=validate.Length(1, 40), metadata={"example": "纪念馆"})
    town = ma.fields.String(validate=validate.Regexp(r"^[0-9]{9}\Z"), metadata={"example": "360731100"})
    cursor = ma.fields.String(validate=validate.Length(1, 64))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100))


class SpanQuery(ma.Schema):
    """Two days, inclusive."""

    first = ma.fields.Date(data_key="from", metadata={"example": "2026-11-23"})
    last = ma.fields.Date(data_key="to", metadata={"example": "2026-12-22"})
    resource = ma.fields.String(load_default="", validate=validate.Length(0, 40), metadata={"example": "guide"})


class GeoView(ma.Schema):
    """A position, with how far it can be trusted."""

    lon = ma.fields.Float()
    lat = ma.fields.Float()
    datum = ma.fields.String(metadata={"example": "unknown"})
    confidence = ma.fields.String(metadata={"example": "low"})


class TicketTypeView(ma.Schema):
    """A kind of ticket; ages inclusive, none means no limit."""

    code = ma.fields.String(metadata={"example": "adult"})
    name_zh = ma.fields.String(metadata={"example": "成人票"})
    name_en = ma.fields.String(metadata={"example": "Adult"})
    price_fen = ma.fields.Integer(metadata={"example": 6000})
    min_age = ma.fields.Integer(allow_none=True)
    max_age = ma.fields.Integer(allow_none=True)
    identity_documents = ma.fields.List(ma.fields.String(), metadata={"example": ["resident_id", "passport"]})
    document_to_inspect = ma.fields.String(allow_none=True)
    concession = ma.fields.String(metadata={"description": "按优待规则核对资格的票种", "example": "senior_65_scenic"})
    share = ma.fields.String(metadata={"description": "占用哪一份额的票种", "example": "individual"})
    legal_basis = ma.fields.String(allow_none=True)
    source = ma.fields.List(ma.fields.Dict())
    confidence = ma.fields.String()
    demo = ma.fields.Boolean()


class ShareView(ma.Schema):
    """A share of a slot's quota and what is left of it."""

    share = ma.fields.String(metadata={"example": "group"})
    share_zh = ma.fields.String(metadata={"example": "团队"})
    quota = ma.fields.Integer(metadata={"example": 40})
    left = ma.fields.Integer(metadata={"example": 12})


class SlotView(ma.Schema):
    """A slot and what is left of it."""

    id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    place_id = ma.fields.String()
    day = ma.fields.String(metadata={"example": "2026-11-24"})
    start = ma.fields.String(metadata={"example": "09:00"})
    end = ma.fields.String(metadata={"example": "11:00"})
    quota = ma.fields.Integer()
    left = ma.fields.Integer()
    state = ma.fields.String(metadata={"example": "open"})
    resource = ma.fields.String(metadata={"example": "court_1"})
    resource_kind = ma.fields.String(metadata={"example": "court"})
    resource_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})
    shares = ma.fields.List(ma.fields.Nested(ShareView))


class SlotWhole(SlotView):
    """A slot with the kinds of tickets that share its quota."""

    ticket_types = ma.fields.List(ma.fields.Nested(TicketTypeView))


class PlaceView(ma.Schema):
    """A place in a list."""

    id = ma.fields.String(metadata={"example": "museum"})
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})
    kind = ma.fields.String()
    level = ma.fields.String(metadata={"example": "4A"})
    town = ma.fields.String()
    town_code = ma.fields.String()
    geo = ma.fields.Nested(GeoView)
    distance_m = ma.fields.Integer()
    open_today = ma.fields.Boolean()
    bookable = ma.fields.Boolean()
    demo = ma.fields.Boolean(metadata={"description": "预约数据为演示数据"})


class PlaceWhole(PlaceView):
    """A place with its facts, sources, notices and next free slots."""

    aliases = ma.fields.List(ma.fields.String())
    heritage = ma.fields.String()
    address = ma.fields.String()
    phone = ma.fields.String(metadata={"example": "0797-6232374"})
    facts = ma.fields.List(ma.fields.String())
    hours_told = ma.fields.Dict()
    ticket_told = ma.fields.Dict()
    confidence = ma.fields.String()
    source = ma.fields.List(ma.fields.Dict())
    opening = ma.fields.Dict()
    closing = ma.fields.Dict()
    ticket_types = ma.fields.List(ma.fields.Nested(TicketTypeView))
    notices = ma.fields.List(ma.fields.Dict())
    next_slots = ma.fields.List(ma.fields.Nested(SlotView))
    crowd = ma.fields.Nested(CrowdNowView, metadata={"description": "客流实况(有客流统计的景区)"})


class PlaceList(ma.Schema):
    """A page of places."""

    items = ma.fields.List(ma.fields.Nested(PlaceView))
    next = ma.fields.String(allow_none=True)


class SlotList(ma.Schema):
    """The slots of a span of days."""

    items = ma.fields.List(ma.fields.Nested(SlotView))
    next = ma.fields.String(allow_none=True)


class AreaView(ma.Schema):
    """A town or village."""

    code = ma.fields.String(metadata={"example": "360731100"})
    name = ma.fields.String(metadata={"example": "贡江镇"})
    level = ma.fields.String()


class AreaList(ma.Schema):
    """Areas below one."""

    items = ma.fields.List(ma.fields.Nested(AreaView))
    next = ma.fields.String(allow_none=True)


class ResourceView(ma.Schema):
    """A court, lane or guide of a place; its slots are those of the place with `resource`."""

    id = ma.fields.String(metadata={"example": "museum.guide"})
    place_id = ma.fields.String(metadata={"example": "museum"})
    resource = ma.fields.String(metadata={"example": "guide"})
    kind = ma.fields.String(metadata={"example": "guide"})
    kind_zh = ma.fields.String(metadata={"example": "讲解员"})
    name_zh = ma.fields.String(metadata={"example": "馆内讲解"})
    about = ma.fields.Dict()
    demo = ma.fields.Boolean()


class ResourceList(ma.Schema):
    """The resources of a place."""

    items = ma.fields.List(ma.fields.Nested(ResourceView))
    next = ma.fields.String(allow_none=True)
