"""Shapes of crowds: what staff, sensors and anybody may read and send."""

from datetime import UTC, date, datetime

import marshmallow as ma
from marshmallow import validate

from models.crowd.level import LEVEL_ZH
from models.crowd.reading import MOST_READINGS
from models.crowd.reading_form import MOST_PEOPLE

_DAY = {"example": "2026-11-24"}
_TIME = {"example": "2026-11-24T10:30:00+08:00"}
_PLACE = {"example": "museum"}
_ZONE = {"description": "分区代码,空为整个景区", "example": ""}
_LEVEL = {"description": "green 舒适、amber 较拥挤、red 已达上限、unknown 暂无数据", "example": "amber"}
_DAYS = validate.Range(date(2020, 1, 1), date(2100, 1, 1))
_YEARS = validate.Range(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_NOT_BLANK = validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")


def _reason() -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(2, 200), _NOT_BLANK),
        metadata={"description": "处置理由,加密保存", "example": "东门闸机故障,按现场清点为准。"},
    )


def _zone() -> ma.fields.String:
    return ma.fields.String(
        load_default="",
        validate=validate.And(validate.Length(0, 64), validate.Regexp(r"^[^\x00-\x1f\x7f]*\Z")),
        metadata=_ZONE,
    )


class CrowdReadingsBody(ma.Schema):
    """What a sensor measured; each reading is read on its own, so that a bad one holds up no other."""

    device_time = ma.fields.AwareDateTime(
        required=True,
        validate=_YEARS,
        metadata={"description": "上传时设备自己的时间", "example": "2026-11-24T10:30:02+08:00"},
    )
    readings = ma.fields.List(
        ma.fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(1, MOST_READINGS),
        metadata={
            "example": [
                {
                    "channel": "hall",
                    "kind": "inside",
                    "boot": "b7",
                    "seq": 41,
                    "at": "2026-11-24T10:30:00+08:00",
                    "inside": 212,
                }
            ]
        },
    )


class CrowdReceiptView(ma.Schema):
    """What became of one reading; `reason` names the part that could not be read."""

    seq = ma.fields.Integer(allow_none=True, metadata={"example": 41})
    result = ma.fields.String(
        validate=validate.OneOf(("received", "duplicate", "superseded", "too_old", "malformed")),
        metadata={"example": "received"},
    )
    reason = ma.fields.String(metadata={"example": "inside"})


class CrowdReceiptList(ma.Schema):
    """One receipt for each reading, in order."""

    items = ma.fields.List(ma.fields.Nested(CrowdReceiptView))
    next = ma.fields.String(allow_none=True)
    server_time = ma.fields.String(metadata=_TIME)


class CrowdLevelView(ma.Schema):
    """How full it is; without a fresh source the level is unknown and there is no number."""

    level = ma.fields.String(validate=validate.OneOf(tuple(LEVEL_ZH)), metadata=_LEVEL)
    level_zh = ma.fields.String(metadata={"example": "较拥挤"})
    inside = ma.fields.Integer(metadata={"description": "在园人数", "example": 1640})
    at = ma.fields.String(metadata=_TIME)
    age_seconds = ma.fields.Integer(metadata={"description": "数据距现在多少秒", "example": 24})
    last_at = ma.fields.String(metadata={"description": "最近一次有数据的时间(现无数据时)", **_TIME})
    estimate = ma.fields.Boolean(metadata={"description": "仅由停车数估算"})
    load_percent = ma.fields.Float(metadata={"description": "占瞬时承载量的百分比", "example": 82.0})
    sales_stopped = ma.fields.Boolean(metadata={"description": "当日售票已暂停"})


class CrowdPublicView(CrowdLevelView):
    """One place as anybody sees it."""

    place_id = ma.fields.String(metadata=_PLACE)
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})


class CrowdPublicList(ma.Schema):
    """All places that are counted."""

    items = ma.fields.List(ma.fields.Nested(CrowdPublicView))
    next = ma.fields.String(allow_none=True)


class CrowdZoneView(CrowdLevelView):
    """One zone of a place."""

    zone = ma.fields.String(metadata={"example": "hall_2"})


class CrowdSpanView(ma.Schema):
    """An hour or a day: people in and out, most inside, worst level."""

    span_from = ma.fields.String(data_key="from", metadata=_TIME)
    day = ma.fields.String(metadata=_DAY)
    entries = ma.fields.Integer(metadata={"example": 310})
    exits = ma.fields.Integer(metadata={"example": 120})
    most_inside = ma.fields.Integer(metadata={"example": 640})
    level = ma.fields.String(metadata=_LEVEL)


class CrowdHistoryView(CrowdPublicView):
    """A place now, its zones, and how it was."""

    zones = ma.fields.List(ma.fields.Nested(CrowdZoneView))
    history = ma.fields.List(ma.fields.Nested(CrowdSpanView))


class CrowdHistoryQuery(ma.Schema):
    """By hour (at most 7 days, today by default) or by day (at most 366, the last 30 by default)."""

    by = ma.fields.String(load_default="hour", validate=validate.OneOf(("hour", "day")), metadata={"example": "hour"})
    first = ma.fields.Date(data_key="from", validate=_DAYS, metadata=_DAY)
    last = ma.fields.Date(data_key="to", validate=_DAYS, metadata=_DAY)
    zone = _zone()


class CrowdSourceView(ma.Schema):
    """A source of the number, and whether it is fresh enough to count."""

    id = ma.fields.String(metadata={"example": "camera-01:hall"})
    name = ma.fields.String(metadata={"example": "一号厅摄像机"})
    kind = ma.fields.String(metadata={"example": "camera"})
    kind_zh = ma.fields.String(metadata={"example": "摄像机"})
    figures = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), metadata={"example": {"inside": 212}})
    at = ma.fields.String(metadata=_TIME)
    skew_seconds = ma.fields.Integer(metadata={"description": "设备时钟慢了多少秒", "example": 0})
    fresh = ma.fields.Boolean()
    state = ma.fields.String(metadata={"example": "active"})


class CrowdAlarmView(ma.Schema):
    """Sources that disagree for too long: count the people and put the headcount in."""

    kind = ma.fields.String(metadata={"example": "disagreement"})
    at = ma.fields.String(metadata=_TIME)
    apart_percent = ma.fields.Float(metadata={"example": 31.5})


class CrowdOverrideView(ma.Schema):
    """What staff decided about today's sales, and until when."""

    state = ma.fields.String(metadata={"example": "stop"})
    until = ma.fields.String(metadata=_TIME)
    at = ma.fields.String(metadata=_TIME)


class CrowdLoadView(ma.Schema):
    """Percentages of the limits."""

    instantaneous = ma.fields.Float(metadata={"example": 82.0})
    daily = ma.fields.Float(metadata={"example": 40.5})


class CrowdOfficeView(CrowdPublicView):
    """A place's live figures as staff see them."""

    entries_today = ma.fields.Integer(metadata={"example": 2310})
    percentages = ma.fields.Nested(CrowdLoadView, data_key="load")
    basis = ma.fields.String(metadata={"example": "gate"})
    basis_zh = ma.fields.String(metadata={"example": "闸机"})
    sources = ma.fields.List(ma.fields.Nested(CrowdSourceView))
    alarm = ma.fields.Nested(CrowdAlarmView)
    override = ma.fields.Nested(CrowdOverrideView)


class CrowdOfficeList(ma.Schema):
    """The counted places of one's scope."""

    items = ma.fields.List(ma.fields.Nested(CrowdOfficeView))
    next = ma.fields.String(allow_none=True)


class CrowdOfficeZone(CrowdOfficeView):
    """A zone's live figures."""

    zone = ma.fields.String(metadata={"example": "hall_2"})


class CrowdLimitValue(ma.Schema):
    """A limit from one day to another, with the document that set it."""

    instantaneous = ma.fields.Integer(metadata={"description": "瞬时承载量,人", "example": 2000})
    daily = ma.fields.Integer(metadata={"description": "日承载量,人次", "example": 8000})
    valid_from = ma.fields.String(metadata=_DAY)
    valid_to = ma.fields.String(metadata={"example": "2027-12-31"})
    source = ma.fields.String(metadata={"example": "于文旅字〔2026〕12 号"})
    demo = ma.fields.Boolean(metadata={"description": "演示数据,无文件依据"})


class CrowdLimitView(ma.Schema):
    """The limits of a place or zone with their history."""

    place_id = ma.fields.String(metadata=_PLACE)
    zone = ma.fields.String(metadata=_ZONE)
    values = ma.fields.List(ma.fields.Nested(CrowdLimitValue))


class CrowdLimitList(ma.Schema):
    """The limits of a place and its zones."""

    items = ma.fields.List(ma.fields.Nested(CrowdLimitView))
    next = ma.fields.String(allow_none=True)


class CrowdOfficeWhole(CrowdOfficeView):
    """A place with its zones and limits."""

    zones = ma.fields.List(ma.fields.Nested(CrowdOfficeZone))
    limits = ma.fields.List(ma.fields.Nested(CrowdLimitView))


class CrowdLimitBody(ma.Schema):
    """A limit from a day on."""

    zone = _zone()
    instantaneous = ma.fields.Integer(required=True, validate=validate.Range(1, 1_000_000), metadata={"example": 2000})
    daily = ma.fields.Integer(required=True, validate=validate.Range(1, 10_000_000), metadata={"example": 8000})
    valid_from = ma.fields.Date(required=True, validate=_DAYS, metadata=_DAY)
    valid_to = ma.fields.Date(validate=_DAYS, metadata={"example": "2027-12-31"})
    source = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(2, 200), _NOT_BLANK),
        metadata={"description": "核定文件", "example": "于文旅字〔2026〕12 号"},
    )

    @ma.validates_schema
    def ends_after_it_begins(self, data: dict[str, object], **_kwargs: object) -> None:
        """Refuse a limit that ends before it begins."""
        if "valid_to" in data and data["valid_to"] < data["valid_from"]:  # type: ignore[operator]
            raise ma.ValidationError("不能早于起始日。", "valid_to")


class HeadcountBody(ma.Schema):
    """How many people were counted inside, and when; now where no time is given."""

    zone = _zone()
    people = ma.fields.Integer(required=True, validate=validate.Range(0, MOST_PEOPLE), metadata={"example": 830})
    counted_at = ma.fields.AwareDateTime(validate=_YEARS, metadata=_TIME)
    reason = _reason()


class OverrideBody(ma.Schema):
    """Stop or open today's sales until a moment of today."""

    state = ma.fields.String(required=True, validate=validate.OneOf(("stop", "open")), metadata={"example": "stop"})
    until = ma.fields.AwareDateTime(required=True, validate=_YEARS, metadata=_TIME)
    reason = _reason()


class SourceStateBody(ma.Schema):
    """Whether a source counts."""

    state = ma.fields.String(
        required=True, validate=validate.OneOf(("active", "retired")), metadata={"example": "retired"}
    )


class CrowdRecordQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class CrowdRecordView(ma.Schema):
    """What happened, by which numbers, and what was done; nobody is named."""

    id = ma.fields.String(metadata={"example": "museum:000012"})
    zone = ma.fields.String(metadata=_ZONE)
    at = ma.fields.String(metadata=_TIME)
    what = ma.fields.String(metadata={"example": "level"})
    what_zh = ma.fields.String(metadata={"example": "等级变化"})
    by = ma.fields.String(metadata={"description": "staff 或 system", "example": "system"})
    details = ma.fields.Dict(metadata={"example": {"from": "green", "to": "amber", "number": 1640, "entries": 2310}})
    done = ma.fields.Dict(metadata={"example": {"slots_paused": 3}})


class CrowdRecordList(ma.Schema):
    """A page of records, newest first."""

    items = ma.fields.List(ma.fields.Nested(CrowdRecordView))
    next = ma.fields.String(allow_none=True)


class CrowdReportQuery(ma.Schema):
    """Two days, inclusive; one place or all of one's scope."""

    first = ma.fields.Date(required=True, data_key="from", validate=_DAYS, metadata=_DAY)
    last = ma.fields.Date(required=True, data_key="to", validate=_DAYS, metadata=_DAY)
    place = ma.fields.String(validate=validate.Length(1, 64), metadata=_PLACE)


class CrowdReportView(CrowdSpanView):
    """A day of a place for the regulator."""

    place_id = ma.fields.String(metadata=_PLACE)
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})
    zone = ma.fields.String(metadata=_ZONE)
    late = ma.fields.Integer(metadata={"description": "其中断网补传的人次", "example": 12})
    peak_at = ma.fields.String(metadata=_TIME)
    amber_at = ma.fields.String(metadata=_TIME)
    red_at = ma.fields.String(metadata=_TIME)
    transitions = ma.fields.Integer(metadata={"example": 2})
    headcounts = ma.fields.Integer(metadata={"example": 0})
    alarms = ma.fields.Integer(metadata={"example": 0})


class CrowdReportList(ma.Schema):
    """The days of a span."""

    items = ma.fields.List(ma.fields.Nested(CrowdReportView))
    next = ma.fields.String(allow_none=True)
