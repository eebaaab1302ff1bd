"""The shapes of items, the same on the phone and in the office."""

import marshmallow as ma
from marshmallow import validate

from models.eldercare import source, summary_parts

_TIME = {"example": "2026-11-20T09:30:00+08:00"}
_ID = {"example": "673ec0a5c0ffee0123456789"}


class HealthSourceView(ma.Schema):
    """Who says it, and how far it is trusted: 5 is a hospital's word, 1 the elder's own."""

    kind = ma.fields.String(validate=validate.OneOf(tuple(source.SOURCES)), metadata={"example": "village_clinic"})
    kind_zh = ma.fields.String(metadata={"example": "村卫生室"})
    trust = ma.fields.Integer(metadata={"example": 4})
    trust_zh = ma.fields.String(metadata={"example": "医务人员记录"})
    unit = ma.fields.String(metadata={"example": "tantou_clinic"})
    unit_zh = ma.fields.String(metadata={"example": "潭头村卫生室"})
    device = ma.fields.String(metadata={"example": "kiosk-01"})


class HealthFlagView(ma.Schema):
    """What a person should look at."""

    code = ma.fields.String(metadata={"example": "implausible"})
    zh = ma.fields.String(metadata={"example": "数值超出人体可能范围,请核对"})


class HealthRangeView(ma.Schema):
    """Between which values a quantity should be; a personal range was set for this elder."""

    quantity = ma.fields.String(metadata={"example": "systolic"})
    quantity_zh = ma.fields.String(metadata={"example": "收缩压"})
    low = ma.fields.Float(metadata={"example": 90})
    high = ma.fields.Float(metadata={"example": 150})
    personal = ma.fields.Boolean(metadata={"example": False})
    until = ma.fields.String(metadata={"example": "2027-05-20"})
    because_zh = ma.fields.String(metadata={"example": "65 岁及以上高血压患者血压目标"})
    outside = ma.fields.String(validate=validate.OneOf(("low", "high", "")), metadata={"example": "high"})


class HealthPointView(ma.Schema):
    """One point of a trend."""

    at = ma.fields.String(metadata=_TIME)
    values = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Float(), metadata={"example": {"systolic": 128, "diastolic": 82}}
    )


class HealthFactView(ma.Schema):
    """An observation or a record. `word` is its code or kind; `settled` says that a person decided that it counts."""

    id = ma.fields.String(metadata=_ID)
    of = ma.fields.String(metadata={"example": "observation"})
    word = ma.fields.String(metadata={"example": "blood_pressure"})
    title_zh = ma.fields.String(metadata={"example": "血压"})
    value_zh = ma.fields.String(metadata={"example": "128/82 毫米汞柱"})
    values = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Float(), metadata={"example": {"systolic": 128, "diastolic": 82}}
    )
    text = ma.fields.String(metadata={"example": "每日一次,早餐后服用"})
    detail = ma.fields.Dict(metadata={"example": {"dosage_zh": "5 毫克"}})
    at = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata=_TIME)
    due_on = ma.fields.String(metadata={"example": "2026-12-20"})
    recorded_at = ma.fields.String(metadata=_TIME)
    source = ma.fields.Nested(HealthSourceView)
    state = ma.fields.String(metadata={"example": "final"})
    state_zh = ma.fields.String(metadata={"example": "有效"})
    severity = ma.fields.String(metadata={"example": "attention"})
    severity_zh = ma.fields.String(metadata={"example": "留意"})
    flags = ma.fields.List(ma.fields.Nested(HealthFlagView))
    version = ma.fields.Integer(metadata={"example": 1})
    settled = ma.fields.Boolean(metadata={"example": False})


class HealthItemView(HealthFactView):
    """An item of the summary: what is used, and in `same` what other sources say about the same."""

    same = ma.fields.List(ma.fields.Nested(HealthFactView))
    trend = ma.fields.List(ma.fields.Nested(HealthPointView))
    trend_zh = ma.fields.String(metadata={"example": "比上次高 12"})
    ranges = ma.fields.List(ma.fields.Nested(HealthRangeView))


class HealthPartView(ma.Schema):
    """One part of the summary."""

    name = ma.fields.String(validate=validate.OneOf(tuple(summary_parts.NAMES)), metadata={"example": "vitals"})
    name_zh = ma.fields.String(metadata={"example": "体征和化验"})
    items = ma.fields.List(ma.fields.Nested(HealthItemView))


class HealthPhraseView(ma.Schema):
    """A short line for big type: twenty characters at most, no words of the trade."""

    text_zh = ma.fields.String(metadata={"example": "血压偏高,请按时吃药"})
    tone = ma.fields.String(validate=validate.OneOf(("calm", "attention", "act")), metadata={"example": "attention"})


class HealthTimelineView(ma.Schema):
    """A page of the timeline, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HealthFactView))
    next = ma.fields.String(allow_none=True)


class HealthPlaceView(ma.Schema):
    """A unit that cares."""

    unit = ma.fields.String(metadata={"example": "tantou_clinic"})
    unit_zh = ma.fields.String(metadata={"example": "潭头村卫生室"})
    cares_as = ma.fields.String(metadata={"example": "village_clinic"})
    cares_as_zh = ma.fields.String(metadata={"example": "村卫生室"})
    since = ma.fields.String(metadata=_TIME)


class HealthVersionView(HealthFactView):
    """What an item said before, and why it was changed."""

    ended_at = ma.fields.String(metadata=_TIME)
    by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    reason = ma.fields.String(metadata={"example": "typo"})
    reason_zh = ma.fields.String(metadata={"example": "录入错误"})


class HealthVersionList(ma.Schema):
    """The last fifty earlier versions, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HealthVersionView))
    next = ma.fields.String(allow_none=True)


class HealthElderView(ma.Schema):
    """An elder and the units that care."""

    id = ma.fields.String(metadata=_ID)
    name = ma.fields.String(metadata={"example": "张三丰"})
    age = ma.fields.Integer(metadata={"example": 78})
    sex = ma.fields.String(metadata={"example": "female"})
    sex_zh = ma.fields.String(metadata={"example": "女"})
    area = ma.fields.String(metadata={"example": "360731105"})
    units = ma.fields.List(ma.fields.Nested(HealthPlaceView))
    latest = ma.fields.String(metadata={"description": "最近一次记录的时间", **_TIME})


class HealthSummaryView(ma.Schema):
    """The summary: lines for big type, then every part."""

    elder = ma.fields.Nested(HealthElderView)
    phrases = ma.fields.List(ma.fields.Nested(HealthPhraseView))
    parts = ma.fields.List(ma.fields.Nested(HealthPartView))
    rule_zh = ma.fields.String(metadata={"description": "同一事项以哪个来源为准", "example": source.RULE_ZH})
