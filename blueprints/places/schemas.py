"""Shapes of places as staff see them."""

import marshmallow as ma
from marshmallow import validate

from models.places.place_office import LONGEST_CALENDAR

_DAY = {"example": "2026-11-24"}


class OfficePageQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class OfficePlaceView(ma.Schema):
    """A place of one's scope."""

    id = ma.fields.String(metadata={"example": "museum"})
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})
    kind = ma.fields.String(metadata={"example": "纪念馆"})
    level = ma.fields.String(metadata={"example": "4A"})
    town_code = ma.fields.String(metadata={"example": "360731100"})
    unit = ma.fields.String(metadata={"example": "long_march_museum"})
    bookable = ma.fields.Boolean()
    demo = ma.fields.Boolean(metadata={"description": "预约数据为演示数据"})


class OfficePlaceList(ma.Schema):
    """A page of places."""

    items = ma.fields.List(ma.fields.Nested(OfficePlaceView))
    next = ma.fields.String(allow_none=True)


class OfficeNoticeView(ma.Schema):
    """A notice, past and coming ones too."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    text = ma.fields.String(metadata={"example": "11 月 25 日上午设备检修,纪念馆推迟至 10:00 开放。"})
    from_day = ma.fields.String(metadata=_DAY)
    to_day = ma.fields.String(metadata=_DAY)
    by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})


class OfficePlaceWhole(OfficePlaceView):
    """A place with its plan: week, slots, ticket types, refund rules, notices."""

    village_code = ma.fields.String(metadata={"example": "360731100001"})
    address = ma.fields.String(metadata={"example": "贡江镇东门渡口一带"})
    opening = ma.fields.Dict()
    closing = ma.fields.Dict()
    slots = ma.fields.List(ma.fields.Dict(), metadata={"example": [{"start": "09:00", "end": "11:00", "quota": 200}]})
    ticket_types = ma.fields.List(ma.fields.Dict())
    refund_versions = ma.fields.List(ma.fields.Dict())
    notices = ma.fields.List(ma.fields.Nested(OfficeNoticeView))


class NoticeBody(ma.Schema):
    """What visitors are told, from one day to another, inclusive."""

    text = ma.fields.String(
        required=True,
        validate=validate.And(
            validate.Length(1, 500), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
        ),
        metadata={"example": "11 月 25 日上午设备检修,纪念馆推迟至 10:00 开放。"},
    )
    from_day = ma.fields.Date(required=True, metadata=_DAY)
    to_day = ma.fields.Date(required=True, metadata=_DAY)


class NoticePosted(ma.Schema):
    """The notice's id."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})


class OfficeSpanQuery(ma.Schema):
    """Two days, inclusive; a month from today by default."""

    first = ma.fields.Date(data_key="from", metadata=_DAY)
    last = ma.fields.Date(data_key="to", metadata={"example": "2026-12-24"})


class SlotsOpenBody(ma.Schema):
    """From which day on, for how many days."""

    first = ma.fields.Date(required=True, data_key="from", metadata=_DAY)
    days = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, LONGEST_CALENDAR), metadata={"example": 30}
    )


class SlotsOpened(ma.Schema):
    """How many slots are new; those that were there stay as they are."""

    new_slots = ma.fields.Integer(metadata={"example": 104})


class OfficeShareView(ma.Schema):
    """A share of a slot's quota and what is left of it."""

    share = ma.fields.String(metadata={"example": "group"})
    share_zh = ma.fields.String(metadata={"example": "团队"})
    quota = ma.fields.Integer(metadata={"example": 40})
    left = ma.fields.Integer(metadata={"example": 12})


class OfficeSlotView(ma.Schema):
    """A slot and what is left of it."""

    id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    place_id = ma.fields.String(metadata={"example": "museum"})
    day = ma.fields.String(metadata=_DAY)
    start = ma.fields.String(metadata={"example": "09:00"})
    end = ma.fields.String(metadata={"example": "11:00"})
    quota = ma.fields.Integer(metadata={"example": 200})
    left = ma.fields.Integer(metadata={"example": 187})
    state = ma.fields.String(
        validate=validate.OneOf(("open", "paused", "closed", "over")), metadata={"example": "open"}
    )
    resource = ma.fields.String(metadata={"example": "court_1"})
    resource_kind = ma.fields.String(metadata={"example": "court"})
    resource_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})
    shares = ma.fields.List(ma.fields.Nested(OfficeShareView))


class OfficeSlotList(ma.Schema):
    """The slots of a span of days."""

    items = ma.fields.List(ma.fields.Nested(OfficeSlotView))
    next = ma.fields.String(allow_none=True)
