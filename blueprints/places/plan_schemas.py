"""Shapes of what is set for the sales of a place or resource, and of the look at whom that affects."""

from itertools import pairwise
from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.places.opening import WEEKDAYS
from models.places.plan_change import MOST_LINES
from models.places.slot_plan import SHARES

_DAY = {"example": "2026-11-24"}
_CODE = validate.Regexp(r"^[a-z][a-z0-9_]{0,63}\Z")
_CLOCK = validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_CLOCK_END = validate.Regexp(r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z")
_SEASON_DAY = validate.Regexp(r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")
_NAME = validate.And(validate.Length(1, 30), validate.Regexp(r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f]"))
_RECORD = {"example": "673ec0a5c0ffee0123456789"}
_SHARE = validate.OneOf(SHARES)
_PLACES = validate.Range(0, 100_000)
_FEN = validate.Range(0, 1_000_000)


class _Days(ma.Schema):
    """Texts of days, as plans keep them."""

    @ma.post_load
    def plain(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Return the row as it is kept."""
        return {
            name: value.isoformat() if name in {"valid_from", "valid_to"} and value is not None else value
            for name, value in data.items()
        }


class SalesPlanLineBody(_Days):
    """One line of a plan of slots: when, how many places, on which days, whose share, at which prices."""

    start = ma.fields.String(required=True, validate=_CLOCK, metadata={"example": "18:00"})
    end = ma.fields.String(required=True, validate=_CLOCK_END, metadata={"example": "19:00"})
    quota = ma.fields.Integer(required=True, strict=True, validate=validate.Range(1, 100_000), metadata={"example": 1})
    weekdays = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(WEEKDAYS)),
        validate=validate.Length(1, 7),
        metadata={"example": ["sat"]},
    )
    day_kind = ma.fields.String(validate=validate.OneOf(("workday", "rest")), metadata={"example": "rest"})
    valid_from = ma.fields.Date(metadata={"description": "早于方案生效日期的按方案生效日期", "example": "2027-01-01"})
    valid_to = ma.fields.Date(metadata={"example": "2027-03-31"})
    shares = ma.fields.Dict(
        keys=ma.fields.String(validate=_SHARE),
        values=ma.fields.Integer(strict=True, validate=_PLACES),
        metadata={"example": {"public": 1}},
    )
    ticket_types = ma.fields.List(
        ma.fields.String(validate=_CODE), validate=validate.Length(1, 20), metadata={"example": ["standard"]}
    )
    prices = ma.fields.Dict(
        keys=ma.fields.String(validate=_CODE),
        values=ma.fields.Integer(strict=True, validate=_FEN),
        metadata={"example": {"standard": 3000}},
    )

    @ma.validates_schema
    def shared(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """No share is more than the whole, and no season ends before it begins."""
        if any(number > data.get("quota", 0) for number in (data.get("shares") or {}).values()):
            raise ma.ValidationError("份额不能多于名额。", "shares")
        if "valid_to" in data and data["valid_to"] < data.get("valid_from", data["valid_to"]):
            raise ma.ValidationError("结束日期不能早于开始日期。", "valid_to")


class SalesPlanBody(ma.Schema):
    """A plan that holds from a day on, in place of the one before."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)
    lines = ma.fields.List(ma.fields.Nested(SalesPlanLineBody), required=True, validate=validate.Length(0, MOST_LINES))


class SalesPlanPrice(ma.Schema):
    """The price of a ticket type, and who may have it."""

    code = ma.fields.String(required=True, validate=_CODE, metadata={"example": "standard"})
    name_zh = ma.fields.String(required=True, validate=_NAME, metadata={"example": "普通价(每时段)"})
    price_fen = ma.fields.Integer(required=True, strict=True, validate=_FEN, metadata={"example": 2000})
    min_age = ma.fields.Integer(strict=True, validate=validate.Range(0, 150), metadata={"example": 18})
    max_age = ma.fields.Integer(strict=True, validate=validate.Range(0, 150), metadata={"example": 59})
    document_to_inspect = ma.fields.String(validate=_CODE, metadata={"example": "student_card"})
    concession = ma.fields.String(validate=_CODE, metadata={"example": "student"})
    share = ma.fields.String(validate=_SHARE, metadata={"example": "public"})

    @ma.validates_schema
    def ages(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """The least age is not above the greatest."""
        if data.get("min_age", 0) > data.get("max_age", 150):
            raise ma.ValidationError("最大年龄不能小于最小年龄。", "max_age")


class SalesPlanPriceBody(SalesPlanPrice):
    """The price of a ticket type from a day on."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)


class SalesRefundRowBody(ma.Schema):
    """What goes back until so many days, or so many minutes, before the visit."""

    from_days_before = ma.fields.Integer(
        strict=True,
        validate=validate.Range(0, 365),
        metadata={"description": "参观日前几天(当天结束前);0 为当天", "example": 1},
    )
    from_minutes_before = ma.fields.Integer(
        strict=True, validate=validate.Range(0, 60 * 24 * 30), metadata={"description": "开始前几分钟", "example": 120}
    )
    percent = ma.fields.Integer(required=True, strict=True, validate=validate.Range(0, 100), metadata={"example": 100})

    @ma.validates_schema
    def one_time(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A row has one time."""
        if len({"from_days_before", "from_minutes_before"} & set(data)) != 1:
            raise ma.ValidationError("每行填写天数或分钟数之一。", "from_days_before")


class SalesRefundRule(_Days):
    """Rows of a refund rule, to a day or without end."""

    rows = ma.fields.List(ma.fields.Nested(SalesRefundRowBody), required=True, validate=validate.Length(1, 20))
    valid_to = ma.fields.Date(allow_none=True, load_default=None, metadata={"example": "2027-03-31"})


class SalesRefundRuleBody(SalesRefundRule):
    """A refund rule that holds for visits from a day on."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)


class SalesDailyCap(_Days):
    """How many visitors a day takes, to a day or without end; null is no limit."""

    places = ma.fields.Integer(
        required=True, allow_none=True, strict=True, validate=_PLACES, metadata={"example": 5000}
    )
    valid_to = ma.fields.Date(allow_none=True, load_default=None, metadata={"example": "2026-12-07"})


class SalesDailyCapBody(SalesDailyCap):
    """A daily cap from a day on; it holds over those that were set before for these days."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)


class SalesHoursSpan(ma.Schema):
    """One span of opening hours."""

    open = ma.fields.String(required=True, validate=_CLOCK, metadata={"example": "09:00"})
    close = ma.fields.String(required=True, validate=_CLOCK, metadata={"example": "17:30"})


class SalesClosingDays(ma.Schema):
    """The weekdays on which a place is closed."""

    weekdays = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(WEEKDAYS)),
        required=True,
        validate=validate.Length(0, 7),
        metadata={"example": ["mon"]},
    )
    unless_public_holiday = ma.fields.Boolean(load_default=False, metadata={"example": True})


class SalesHours(ma.Schema):
    """The week of the whole year or of a season, and on which weekdays the place is closed."""

    weekly = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.OneOf(WEEKDAYS)),
        values=ma.fields.List(ma.fields.Nested(SalesHoursSpan), validate=validate.Length(0, 6)),
        metadata={
            "description": "七天都要填,不开放为空列表",
            "example": {day: [{"open": "09:00", "close": "17:30"}] for day in WEEKDAYS},
        },
    )
    season = ma.fields.List(
        ma.fields.String(validate=_SEASON_DAY),
        validate=validate.Length(equal=2),
        metadata={"description": "季节起止(月-日),可跨年;不填为全年", "example": ["05-01", "10-31"]},
    )
    closing = ma.fields.Nested(SalesClosingDays)

    @ma.validates_schema
    def whole(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A week has seven days; the spans of a day follow each other."""
        if "weekly" not in data and "closing" not in data:
            raise ma.ValidationError("请填写每周开放时间或闭馆日。", "weekly")
        if "weekly" in data and set(data["weekly"]) != set(WEEKDAYS):
            raise ma.ValidationError("七天都要填写,不开放填空列表。", "weekly")
        for spans in (data.get("weekly") or {}).values():
            marks = [one[name] for one in spans for name in ("open", "close")]
            if any(one >= other for one, other in pairwise(marks)):
                raise ma.ValidationError("时段应从早到晚且不重叠。", "weekly")


class SalesHoursBody(SalesHours):
    """Opening hours from a day on, for slots; the hours shown change at once."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)


class SalesTerms(ma.Schema):
    """How early one may enter, and whether the place is for sale."""

    enter_early_minutes = ma.fields.Integer(strict=True, validate=validate.Range(0, 240), metadata={"example": 30})
    bookable = ma.fields.Boolean(metadata={"example": True})


class SalesTermsBody(SalesTerms):
    """SalesTerms from a day on."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)


class SalesRenewalBody(ma.Schema):
    """From which day on open slots are brought to what is set."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)


class SalesPlanPreviewBody(ma.Schema):
    """A change that is only looked at; without one, what bringing open slots to what is set would come to."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)
    to_day = ma.fields.Date(metadata={"description": "只看到这一天", "example": "2026-12-24"})
    lines = ma.fields.List(ma.fields.Nested(SalesPlanLineBody), validate=validate.Length(0, MOST_LINES))
    ticket = ma.fields.Nested(SalesPlanPrice)
    refund = ma.fields.Nested(SalesRefundRule)
    cap = ma.fields.Nested(SalesDailyCap)
    hours = ma.fields.Nested(SalesHours)
    terms = ma.fields.Nested(SalesTerms)


class SalesAffectedSlotView(ma.Schema):
    """A slot that a change would touch: made, changed, kept because it is sold, or withdrawn."""

    slot_id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    day = ma.fields.String(metadata=_DAY)
    start = ma.fields.String(metadata={"example": "09:00"})
    end = ma.fields.String(metadata={"example": "11:00"})
    effect = ma.fields.String(
        validate=validate.OneOf(("new", "changed", "kept", "withdrawn")), metadata={"example": "kept"}
    )
    quota = ma.fields.Integer(metadata={"example": 200})
    sold = ma.fields.Integer(metadata={"example": 187})
    new_end = ma.fields.String(metadata={"example": "11:00"})
    new_quota = ma.fields.Integer(metadata={"example": 150})


class SalesPlanPreviewView(ma.Schema):
    """Whom a change would affect; who has booked keeps what was agreed."""

    days = ma.fields.Integer(metadata={"example": 30})
    new_slots = ma.fields.Integer(metadata={"example": 30})
    changed_slots = ma.fields.Integer(metadata={"example": 60})
    kept_slots = ma.fields.Integer(metadata={"description": "已有预约, 名额和时间保持不变的时段", "example": 2})
    withdrawn_slots = ma.fields.Integer(metadata={"description": "没有预约, 将撤下的时段", "example": 4})
    orders = ma.fields.Integer(metadata={"example": 12})
    visitors = ma.fields.Integer(metadata={"example": 31})
    free_orders = ma.fields.Integer(metadata={"example": 4})
    unpaid_orders = ma.fields.Integer(metadata={"example": 1})
    refund_orders = ma.fields.Integer(metadata={"description": "若关闭这些时段须退款的订单", "example": 7})
    fen = ma.fields.Integer(metadata={"description": "若关闭这些时段须退的金额", "example": 56000})
    cap_days = ma.fields.Integer(metadata={"description": "日限额会变化的天数", "example": 30})
    cap_kept_days = ma.fields.Integer(metadata={"description": "已售超过日限额、只停售不退票的天数", "example": 1})
    first = ma.fields.List(ma.fields.Nested(SalesAffectedSlotView))


class SalesRenewalView(ma.Schema):
    """The job that brings the open slots to a change, without an id where nothing changed."""

    job_id = ma.fields.String(metadata=_RECORD)


class SlotQuotaBody(ma.Schema):
    """The quota of one slot and, where it has shares, of these."""

    quota = ma.fields.Integer(required=True, strict=True, validate=_PLACES, metadata={"example": 220})
    shares = ma.fields.Dict(
        keys=ma.fields.String(validate=_SHARE),
        values=ma.fields.Integer(strict=True, validate=_PLACES),
        metadata={"description": "不填则份额不变", "example": {"group": 40}},
    )


class ReadinessItem(ma.Schema):
    """One thing to have before a place is sold."""

    code = ma.fields.String(metadata={"example": "hours"})
    state = ma.fields.String(validate=validate.OneOf(("ok", "missing", "advice")), metadata={"example": "missing"})
    sentence_zh = ma.fields.String(metadata={"example": "开放时间仍是演示数据,请与管理单位核对后重新填写。"})


class ReadinessView(ma.Schema):
    """What is missing before a place can be sold."""

    place_id = ma.fields.String(metadata={"example": "museum"})
    ready = ma.fields.Boolean()
    items = ma.fields.List(ma.fields.Nested(ReadinessItem))
