"""Shapes of itineraries."""

from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import validate

from mini_program_api.tourism.guide_schemas import GuideBrief, GuideWhole
from models.tourism.itinerary_plan import MOST_DAYS

_DAY = {"example": "2026-11-24"}
_PLACE = {"example": "museum"}
_TIME = {"example": "09:00"}
MOST_STOPS = 30
LAST_DAY = date(2199, 12, 31)
"""So that the days after it are days too."""


class PlanStart(ma.Schema):
    """Where the days begin, as WeChat gives it (GCJ-02)."""

    lon = ma.fields.Float(required=True, validate=validate.Range(-180, 180), metadata={"example": 115.41})
    lat = ma.fields.Float(required=True, validate=validate.Range(-90, 90), metadata={"example": 25.95})


class PlanBody(ma.Schema):
    """How many days, from where, who comes along and what they like."""

    days = ma.fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_DAYS), metadata={"example": 1})
    first_day = ma.fields.Date(required=True, metadata=_DAY)
    start_place_id = ma.fields.String(validate=validate.Length(1, 64), metadata=_PLACE)
    position = ma.fields.Nested(PlanStart)
    interests = ma.fields.List(
        ma.fields.String(validate=validate.Length(1, 40)),
        validate=validate.Length(0, 10),
        load_default=list,
        metadata={"example": ["纪念馆", "红色景区"]},
    )
    people = ma.fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 50), metadata={"example": 2})
    with_elder = ma.fields.Boolean(load_default=False, metadata={"example": True})
    with_child = ma.fields.Boolean(load_default=False, metadata={"example": False})
    pace = ma.fields.String(
        load_default="normal", validate=validate.OneOf(("slow", "normal")), metadata={"example": "slow"}
    )
    evening = ma.fields.Boolean(load_default=False, metadata={"example": False})

    @ma.validates_schema
    def one_start(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A place or a position, not both."""
        if "start_place_id" in data and "position" in data:
            raise ma.ValidationError("出发地点和当前位置只填一个。", "start_place_id")


class PlanLegView(ma.Schema):
    """The way to a stop."""

    mode = ma.fields.String(validate=validate.OneOf(("walk", "drive")), metadata={"example": "walk"})
    minutes = ma.fields.Integer(metadata={"example": 5})
    metres = ma.fields.Integer(metadata={"example": 300})
    estimated = ma.fields.Boolean(metadata={"example": False})


class PlanSlotView(ma.Schema):
    """The slot to book for a stop."""

    id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    start = ma.fields.String(metadata=_TIME)
    end = ma.fields.String(metadata={"example": "11:00"})
    left = ma.fields.Integer(metadata={"example": 500})


class PlanStopView(ma.Schema):
    """A stop of a plan, and why it was chosen."""

    place_id = ma.fields.String(metadata=_PLACE)
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})
    kind = ma.fields.String(metadata={"example": "纪念馆"})
    arrive = ma.fields.String(metadata=_TIME)
    leave = ma.fields.String(metadata={"example": "10:30"})
    leg = ma.fields.Nested(PlanLegView)
    slot = ma.fields.Nested(PlanSlotView)
    why_zh = ma.fields.String(metadata={"example": "您选了“纪念馆”,步行约 5 分钟(0.3 公里),周二开放 08:30–17:30。"})


class PlanDayView(ma.Schema):
    """A day of a plan."""

    day = ma.fields.String(metadata=_DAY)
    weekday_zh = ma.fields.String(metadata={"example": "周二"})
    stops = ma.fields.List(ma.fields.Nested(PlanStopView))
    lunch = ma.fields.Dict(metadata={"example": {"from": "11:30", "to": "12:30"}})


class PlanLeftOut(ma.Schema):
    """What one asked for and cannot have."""

    place_id = ma.fields.String(metadata=_PLACE)
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})
    reason_zh = ma.fields.String(metadata={"example": "周一(2026-11-30)不开放"})


class PlanView(ma.Schema):
    """A plan with the model behind it."""

    days = ma.fields.List(ma.fields.Nested(PlanDayView))
    left_out = ma.fields.List(ma.fields.Nested(PlanLeftOut))
    model = ma.fields.Dict(metadata={"example": {"walk_kmh": 4.0, "drive_kmh": 35, "detour": 1.35}})
    notes_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["停留时间和速度为演示参数。"]})


class OwnStop(ma.Schema):
    """A stop to keep: the how-manieth day, where, from when to when."""

    number = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, MOST_DAYS), metadata={"example": 1}
    )
    place = ma.fields.String(required=True, data_key="place_id", validate=validate.Length(1, 64), metadata=_PLACE)
    arrive = ma.fields.String(
        required=True, validate=validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z"), metadata=_TIME
    )
    leave = ma.fields.String(
        required=True, validate=validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z"), metadata={"example": "10:30"}
    )

    @ma.validates_schema
    def forwards(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """One leaves after one has come."""
        if data["leave"] <= data["arrive"]:
            raise ma.ValidationError("离开时间应晚于到达时间。", "leave")


class ItineraryBody(ma.Schema):
    """What to keep: own stops, a curated itinerary, or what a code opens."""

    first_day = ma.fields.Date(required=True, metadata=_DAY)
    stops = ma.fields.List(ma.fields.Nested(OwnStop), validate=validate.Length(1, MOST_STOPS))
    curated_id = ma.fields.String(validate=validate.Length(1, 64), metadata={"example": "one_day_departure"})
    share_code = ma.fields.String(validate=validate.Regexp(r"^[2-9a-z]{14}\Z"), metadata={"example": "k7m2q9x4h8c3tz"})

    @ma.validates_schema
    def one_source(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Exactly one source."""
        if len({"stops", "curated_id", "share_code"} & set(data)) != 1:
            raise ma.ValidationError("请在自己的行程、推荐行程和分享码中选一种。", "stops")


class ItineraryStopView(ma.Schema):
    """A stop, and what stands against it on its day."""

    place_id = ma.fields.String(metadata=_PLACE)
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})
    kind = ma.fields.String(metadata={"example": "纪念馆"})
    arrive = ma.fields.String(metadata=_TIME)
    leave = ma.fields.String(metadata={"example": "10:30"})
    note_zh = ma.fields.String(metadata={"example": "免费,凭身份证领票。"})
    open = ma.fields.Boolean(metadata={"example": False})
    warnings_zh = ma.fields.List(
        ma.fields.String(), metadata={"example": ["在 2026-11-30(周一) 不开放,请改期或换一处。"]}
    )


class ItineraryDayView(ma.Schema):
    """A day; its date only where the itinerary has one."""

    number = ma.fields.Integer(metadata={"example": 1})
    day = ma.fields.String(metadata=_DAY)
    weekday_zh = ma.fields.String(metadata={"example": "周二"})
    stops = ma.fields.List(ma.fields.Nested(ItineraryStopView))


class ItineraryWhole(ma.Schema):
    """One's own itinerary; `closed` names the places that are closed on their day."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    first_day = ma.fields.String(metadata=_DAY)
    days = ma.fields.Integer(metadata={"example": 1})
    made_at = ma.fields.String(metadata={"example": "2026-11-23T09:30:00+08:00"})
    share_code = ma.fields.String(metadata={"example": "k7m2q9x4h8c3tz"})
    closed = ma.fields.List(ma.fields.String(), metadata={"example": []})
    itinerary = ma.fields.List(ma.fields.Nested(ItineraryDayView))


class ItineraryLine(ma.Schema):
    """One's own itinerary in a list."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    first_day = ma.fields.String(metadata=_DAY)
    days = ma.fields.Integer(metadata={"example": 1})
    stops = ma.fields.Integer(metadata={"example": 5})
    shared = ma.fields.Boolean(metadata={"example": False})


class ItineraryList(ma.Schema):
    """A page of one's own itineraries."""

    items = ma.fields.List(ma.fields.Nested(ItineraryLine))
    next = ma.fields.String(allow_none=True)


class ItineraryPageQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 200))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 50))


class ShareCode(ma.Schema):
    """The code that opens the stops to others."""

    share_code = ma.fields.String(metadata={"example": "k7m2q9x4h8c3tz"})


class SharedItinerary(ma.Schema):
    """What somebody shared: the stops, no date and no name."""

    itinerary = ma.fields.List(ma.fields.Nested(ItineraryDayView))


class CuratedQuery(ma.Schema):
    """For how many days."""

    days = ma.fields.Integer(validate=validate.Range(1, MOST_DAYS), metadata={"example": 2})
    cursor = ma.fields.String(validate=validate.Length(1, 40))


class CuratedDayQuery(ma.Schema):
    """On which day one would begin."""

    first_day = ma.fields.Date(validate=validate.Range(max=LAST_DAY), metadata=_DAY)


class CuratedLine(GuideBrief):
    """A curated itinerary in a list."""

    days = ma.fields.Integer(metadata={"example": 1})
    stops = ma.fields.Integer(metadata={"example": 6})


class CuratedWhole(GuideWhole):
    """A curated itinerary day by day."""

    days = ma.fields.Integer(metadata={"example": 1})
    stops = ma.fields.Integer(metadata={"example": 6})
    itinerary = ma.fields.List(ma.fields.Nested(ItineraryDayView))


class CuratedList(ma.Schema):
    """The curated itineraries."""

    items = ma.fields.List(ma.fields.Nested(CuratedLine))
    next = ma.fields.String(allow_none=True)
