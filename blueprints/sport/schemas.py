"""Shapes of sport for staff, devices and the public."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from blueprints.places.plan_schemas import SalesPlanLineBody, SalesPlanPriceBody
from models.places.resource import KIND_ZH
from models.sport.closure import REASONS, STATE_ZH
from models.sport.venue import MOST_HOURS, MOST_PLAYERS, USE_ZH
from models.sport.water_limits import INDICATORS
from models.sport.water_state import REASONS as DECISIONS

_ID = validate.Length(1, 64)
_DAY = {"example": "2026-11-24"}
_TIME = {"example": "2026-11-24T09:00:00+08:00"}
_CODE = validate.Regexp(r"^[a-z][a-z0-9_]{0,63}\Z")
_CLOCK = validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_CLOCK_END = validate.Regexp(r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z")
_RECORD = {"example": "673ec0a5c0ffee0123456789"}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class SportDayQuery(ma.Schema):
    """Which day, today by default."""

    day = ma.fields.Date(metadata=_DAY)


class SportSpanQuery(ma.Schema):
    """Two days, inclusive, at most 31."""

    first = ma.fields.Date(required=True, data_key="from", metadata=_DAY)
    last = ma.fields.Date(required=True, data_key="to", metadata={"example": "2026-12-20"})


class SportPageQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class CourtAboutBody(ma.Schema):
    """What a court, lane or pool asks of who books it."""

    use = ma.fields.String(validate=validate.OneOf(tuple(USE_ZH)), metadata={"example": "whole"})
    players_least = ma.fields.Integer(strict=True, validate=validate.Range(1, MOST_PLAYERS), metadata={"example": 2})
    players_most = ma.fields.Integer(strict=True, validate=validate.Range(1, MOST_PLAYERS), metadata={"example": 6})
    hours_most = ma.fields.Integer(strict=True, validate=validate.Range(1, MOST_HOURS), metadata={"example": 4})
    outdoor = ma.fields.Boolean(metadata={"example": False})
    guardian_below = ma.fields.Integer(strict=True, validate=validate.Range(0, 18), metadata={"example": 0})
    deep_water = ma.fields.Boolean(metadata={"example": False})
    water = ma.fields.String(validate=_CODE, metadata={"description": "所在水体编码", "example": "main"})

    @ma.validates_schema
    def numbers(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """The least is not more than the most."""
        if data.get("players_least", 1) > data.get("players_most", MOST_PLAYERS):
            raise ma.ValidationError("最多人数不能小于最少人数。", "players_most")


class CourtResourceBody(ma.Schema):
    """A resource of a place; what is left out stays as it is."""

    kind = ma.fields.String(required=True, validate=validate.OneOf(tuple(KIND_ZH)), metadata={"example": "court"})
    name_zh = ma.fields.String(required=True, validate=validate.Length(1, 60), metadata={"example": "4 号羽毛球场"})
    rank = ma.fields.Integer(strict=True, validate=validate.Range(0, 10_000), metadata={"example": 4})
    about = ma.fields.Nested(CourtAboutBody)
    days_ahead = ma.fields.Integer(strict=True, validate=validate.Range(1, 60), metadata={"example": 7})


class ResourcePreviewBody(ma.Schema):
    """A change that is only looked at: a plan, a price, or retiring; from a day on."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)
    lines = ma.fields.List(ma.fields.Nested(SalesPlanLineBody), validate=validate.Length(0, 200))
    ticket = ma.fields.Nested(SalesPlanPriceBody)
    retired = ma.fields.Boolean(load_default=False, metadata={"example": False})


class ResourcePreviewSlot(ma.Schema):
    """One of the slots that a change touches."""

    slot_id = ma.fields.String(metadata={"example": "sport_gymnasium.badminton_1-20261124-1800"})
    day = ma.fields.String(metadata=_DAY)
    start = ma.fields.String(metadata={"example": "18:00"})
    end = ma.fields.String(metadata={"example": "19:00"})
    effect = ma.fields.String(metadata={"description": "new changed kept withdrawn", "example": "changed"})
    quota = ma.fields.Integer(metadata={"example": 1})
    sold = ma.fields.Integer(metadata={"example": 0})
    new_end = ma.fields.String(metadata={"example": "19:30"})
    new_quota = ma.fields.Integer(metadata={"example": 1})


class OfficeResourceView(ma.Schema):
    """A resource with its plan and prices."""

    id = ma.fields.String(metadata={"example": "sport_gymnasium.badminton_1"})
    place_id = ma.fields.String(metadata={"example": "sport_gymnasium"})
    resource = ma.fields.String(metadata={"example": "badminton_1"})
    kind = ma.fields.String(metadata={"example": "court"})
    kind_zh = ma.fields.String(metadata={"example": "场地"})
    name_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})
    state = ma.fields.String(validate=validate.OneOf(("active", "retired")), metadata={"example": "active"})
    rank = ma.fields.Integer(metadata={"example": 1})
    about = ma.fields.Dict()
    days_ahead = ma.fields.Integer(metadata={"example": 7})
    limits = ma.fields.List(ma.fields.Dict())
    refund_versions = ma.fields.List(ma.fields.Dict())
    lines = ma.fields.List(ma.fields.Dict())
    ticket_types = ma.fields.List(ma.fields.Dict())
    demo = ma.fields.Boolean()


class OfficeResourceList(ma.Schema):
    """All resources of a place, retired ones too."""

    items = ma.fields.List(ma.fields.Nested(OfficeResourceView))
    next = ma.fields.String(allow_none=True)


class SportPlayerView(ma.Schema):
    """A player, masked."""

    name = ma.fields.String(metadata={"example": "张**"})
    ticket_class = ma.fields.String(metadata={"example": "standard"})
    age_band = ma.fields.String(metadata={"example": "adult"})
    inspect = ma.fields.String(metadata={"example": "student_card"})
    entered = ma.fields.Boolean()


class SportSheetLine(ma.Schema):
    """A booking of a court."""

    order_id = ma.fields.String(metadata=_RECORD)
    start = ma.fields.String(metadata={"example": "18:00"})
    end = ma.fields.String(metadata={"example": "20:00"})
    state = ma.fields.String(metadata={"example": "issued"})
    state_zh = ma.fields.String(metadata={"example": "已出票"})
    total_fen = ma.fields.Integer(metadata={"example": 6000})
    players = ma.fields.List(ma.fields.Nested(SportPlayerView))


class SportSheetCourt(ma.Schema):
    """A court and its bookings of the day, by hour."""

    resource = ma.fields.String(metadata={"example": "badminton_1"})
    name_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})
    bookings = ma.fields.List(ma.fields.Nested(SportSheetLine))


class SportDaySheet(ma.Schema):
    """Who is on which court at which hour."""

    place_id = ma.fields.String(metadata={"example": "sport_gymnasium"})
    day = ma.fields.String(metadata=_DAY)
    items = ma.fields.List(ma.fields.Nested(SportSheetCourt))


class _Use(ma.Schema):
    slots = ma.fields.Integer(metadata={"example": 31})
    quota = ma.fields.Integer(metadata={"example": 31})
    used = ma.fields.Integer(metadata={"example": 20})
    used_percent = ma.fields.Float(metadata={"example": 64.5})
    closed = ma.fields.Integer(metadata={"example": 0})


class SportHourUse(_Use):
    """How much of one hour of the day was used."""

    start = ma.fields.String(metadata={"example": "18:00"})


class SportCourtUse(_Use):
    """How much of a resource was used."""

    resource = ma.fields.String(metadata={"example": "badminton_1"})
    name_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})
    hours = ma.fields.List(ma.fields.Nested(SportHourUse))


class SportUtilisation(ma.Schema):
    """How much of a venue was used between two days."""

    place_id = ma.fields.String(metadata={"example": "sport_gymnasium"})
    from_day = ma.fields.String(metadata=_DAY)
    to_day = ma.fields.String(metadata=_DAY)
    items = ma.fields.List(ma.fields.Nested(SportCourtUse))


class SportClosureBody(ma.Schema):
    """What is to be closed and why: days, hours of day, some resources or all, or those in the open air."""

    place_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "sport_ground"})
    from_day = ma.fields.Date(required=True, metadata=_DAY)
    to_day = ma.fields.Date(required=True, metadata=_DAY)
    start = ma.fields.String(load_default="00:00", validate=_CLOCK, metadata={"example": "14:00"})
    end = ma.fields.String(load_default="24:00", validate=_CLOCK_END, metadata={"example": "22:00"})
    resources = ma.fields.List(
        ma.fields.String(validate=_ID),
        load_default=[],
        validate=validate.Length(0, 200),
        metadata={"example": ["basketball_1"]},
    )
    outdoor = ma.fields.Boolean(load_default=False, metadata={"description": "只关室外场地", "example": True})
    reason = ma.fields.String(required=True, validate=validate.OneOf(tuple(REASONS)), metadata={"example": "rain"})


class SportClosureFigures(ma.Schema):
    """What a closing meant when it was looked at."""

    slots = ma.fields.Integer(metadata={"example": 12})
    orders = ma.fields.Integer(metadata={"example": 5})
    people = ma.fields.Integer(metadata={"example": 23})
    refund_fen = ma.fields.Integer(metadata={"example": 24000})


class SportClosureResource(ma.Schema):
    """One of the resources."""

    resource = ma.fields.String(metadata={"example": "basketball_1"})
    name_zh = ma.fields.String(metadata={"example": "1 号篮球场(室外)"})


class SportClosureFailure(ma.Schema):
    """An order that could not be cancelled."""

    item = ma.fields.String(metadata=_RECORD)
    reason = ma.fields.String(metadata={"example": "ticket_used"})


class SportClosureJob(ma.Schema):
    """How far cancelling and telling is."""

    id = ma.fields.String(metadata=_RECORD)
    state = ma.fields.String(metadata={"example": "running"})
    done = ma.fields.Integer(metadata={"example": 3})
    total = ma.fields.Integer(metadata={"example": 5})
    failures = ma.fields.List(ma.fields.Nested(SportClosureFailure))


class SportClosureView(ma.Schema):
    """A closing: proposed until it is confirmed, then closed, and perhaps reopened."""

    id = ma.fields.String(metadata=_RECORD)
    place_id = ma.fields.String(metadata={"example": "sport_ground"})
    from_day = ma.fields.String(metadata=_DAY)
    to_day = ma.fields.String(metadata=_DAY)
    start = ma.fields.String(metadata={"example": "14:00"})
    end = ma.fields.String(metadata={"example": "22:00"})
    outdoor = ma.fields.Boolean()
    resources = ma.fields.List(ma.fields.Nested(SportClosureResource))
    reason = ma.fields.String(metadata={"example": "rain"})
    reason_zh = ma.fields.String(metadata={"example": "降雨"})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATE_ZH)), metadata={"example": "proposed"})
    state_zh = ma.fields.String(metadata={"example": "待确认"})
    figures = ma.fields.Nested(SportClosureFigures)
    job = ma.fields.Nested(SportClosureJob)


class SportClosureList(ma.Schema):
    """A page of closings, newest first."""

    items = ma.fields.List(ma.fields.Nested(SportClosureView))
    next = ma.fields.String(allow_none=True)


class WaterReadingBody(ma.Schema):
    """What was measured of a body of water, and when."""

    water = ma.fields.String(required=True, validate=_CODE, metadata={"example": "main"})
    at = ma.fields.AwareDateTime(required=True, metadata=_TIME)
    values = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.OneOf(tuple(INDICATORS))),
        values=ma.fields.Float(allow_nan=False),
        required=True,
        validate=validate.Length(1, len(INDICATORS)),
        metadata={"example": {"free_chlorine": 0.5, "ph": 7.4, "turbidity": 0.4, "temperature": 27.5}},
    )


class WaterDecisionBody(ma.Schema):
    """Whether a pool sells, and why a person decided so."""

    sell = ma.fields.Boolean(required=True, metadata={"example": True})
    reason = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(DECISIONS)), metadata={"example": "retested"}
    )


class WaterValue(ma.Schema):
    """One value with its limit and the standard that says so."""

    indicator = ma.fields.String(metadata={"example": "free_chlorine"})
    indicator_zh = ma.fields.String(metadata={"example": "游离性余氯"})
    unit = ma.fields.String(metadata={"example": "mg/L"})
    value = ma.fields.Float(metadata={"example": 0.5})
    good = ma.fields.Boolean()
    least = ma.fields.Float(metadata={"example": 0.3})
    most = ma.fields.Float(metadata={"example": 1.0})
    standard = ma.fields.String(metadata={"example": "GB 37488-2019 公共场所卫生指标及限值要求"})


class WaterReadingView(ma.Schema):
    """A reading of pool water."""

    id = ma.fields.String(metadata={"example": "probe-1:main:1795482000000"})
    at = ma.fields.String(metadata=_TIME)
    good = ma.fields.Boolean()
    source = ma.fields.String(validate=validate.OneOf(("device", "staff")), metadata={"example": "device"})
    source_zh = ma.fields.String(metadata={"example": "在线监测"})
    values = ma.fields.List(ma.fields.Nested(WaterValue))


class WaterReadingList(ma.Schema):
    """A page of readings, newest first."""

    items = ma.fields.List(ma.fields.Nested(WaterReadingView))
    next = ma.fields.String(allow_none=True)


class WaterView(ma.Schema):
    """A body of water: its newest reading, and whether its sales stand still."""

    place_id = ma.fields.String(metadata={"example": "sport_pool"})
    water = ma.fields.String(metadata={"example": "main"})
    halted = ma.fields.Boolean()
    halted_zh = ma.fields.String(metadata={"example": "正常"})
    latest = ma.fields.Nested(WaterReadingView)


class WaterList(ma.Schema):
    """The bodies of water of a venue."""

    items = ma.fields.List(ma.fields.Nested(WaterView))
    next = ma.fields.String(allow_none=True)


class OfficeWaterView(WaterView):
    """A body of water with its alarm and who decided what."""

    id = ma.fields.String(metadata={"example": "sport_pool.main"})
    bad_in_row = ma.fields.Integer(metadata={"example": 0})
    stopped = ma.fields.Boolean(metadata={"description": "由工作人员停止"})
    alarm_since = ma.fields.String(metadata=_TIME)
    alarm_zh = ma.fields.String(metadata={"example": "游离性余氯超出限值"})
    decided_zh = ma.fields.String(metadata={"example": "复测合格"})
    decided_at = ma.fields.String(metadata=_TIME)


class OfficeWaterList(ma.Schema):
    """The bodies of water of a venue."""

    items = ma.fields.List(ma.fields.Nested(OfficeWaterView))
    next = ma.fields.String(allow_none=True)


class SportFeedQuery(ma.Schema):
    """Free slots of one venue or all, a week from a day on."""

    place = ma.fields.String(validate=_ID, metadata={"example": "sport_gymnasium"})
    first = ma.fields.Date(data_key="from", metadata=_DAY)
    cursor = ma.fields.String(validate=validate.Length(1, 128))


class SportFeedSlot(ma.Schema):
    """A free slot, in the words of OpenActive's `Slot`."""

    type = ma.fields.String(metadata={"example": "Slot"})
    id = ma.fields.String(metadata={"example": "sport_gymnasium.badminton_1-20261124-1800"})
    start_date = ma.fields.String(metadata=_TIME)
    end_date = ma.fields.String(metadata=_TIME)
    duration = ma.fields.String(metadata={"example": "PT60M"})
    remaining_uses = ma.fields.Integer(metadata={"example": 1})
    maximum_uses = ma.fields.Integer(metadata={"example": 1})
    facility_use = ma.fields.Dict()
    location = ma.fields.Dict()
    offers = ma.fields.List(ma.fields.Dict())
    demo = ma.fields.Boolean()


class SportFeedView(ma.Schema):
    """A page of free slots."""

    items = ma.fields.List(ma.fields.Nested(SportFeedSlot))
    next = ma.fields.String(allow_none=True)
