"""Shapes of alerts, rosters, load and the day's work list for staff."""

from datetime import UTC, date, datetime

import marshmallow as ma
from marshmallow import validate

from models.eldercare import alert_terms, alert_views, duty_roster

TIME = {"example": "2026-11-20T09:30:00+08:00"}
ID = {"example": "673ec0a5c0ffee0123456789"}
_COUNT = {"example": 3}
_WORDS = r"^[^\x00]*\Z"
_NOTE = validate.And(validate.Length(0, 1000), validate.Regexp(_WORDS))
_SOME_NOTE = validate.And(validate.Length(1, 1000), validate.Regexp(r"^[^\x00]*[^\x00\s][^\x00]*\Z"))
_UNIT = validate.Regexp(r"^[a-z][a-z0-9_]{1,63}\Z")
_YEARS = validate.Range(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_DAYS = validate.Range(date(2020, 1, 1), date(2100, 1, 1))
_STATE, _SEVERITY = validate.OneOf(tuple(alert_terms.STATE_ZH)), validate.OneOf(alert_terms.SEVERITIES)


def _flag(*, example: bool) -> ma.fields.Boolean:
    return ma.fields.Boolean(metadata={"example": example})


class HealthAlertPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class HealthAlertQuery(HealthAlertPageQuery):
    """A page of live alerts: of all whom one reaches, handed to oneself, or called to the duty desk."""

    scope = ma.fields.String(
        load_default="reach", validate=validate.OneOf(tuple(alert_views.SCOPE_ZH)), metadata={"example": "reach"}
    )


class HealthAlertElder(ma.Schema):
    """Whom it is about."""

    elder_id = ma.fields.String(metadata=ID)
    name = ma.fields.String(metadata={"example": "赵奶奶"})
    age = ma.fields.Integer(allow_none=True, metadata={"example": 85})


class HealthAlertActView(ma.Schema):
    """Something that was done, by staff or by the family."""

    kind = ma.fields.String(metadata={"example": "home_visit"})
    kind_zh = ma.fields.String(metadata={"example": "上门查看"})


class HealthAlertOutcomeView(ma.Schema):
    """How it ended; `with_alert` is the alert with whose outcome it ended."""

    code = ma.fields.String(validate=validate.OneOf(tuple(alert_terms.OUTCOMES)), metadata={"example": "resolved"})
    code_zh = ma.fields.String(metadata={"example": "已恢复正常"})
    at = ma.fields.String(metadata=TIME)
    with_alert = ma.fields.String(metadata=ID)


class HealthAlertAfterView(ma.Schema):
    """What the outcome left to be done."""

    kind = ma.fields.String(validate=validate.OneOf(tuple(alert_terms.AFTER)), metadata={"example": "referral"})
    kind_zh = ma.fields.String(metadata={"example": "询问转诊结果"})
    due = ma.fields.String(metadata=TIME)
    open = _flag(example=True)


class HealthAlertView(ma.Schema):
    """An alert; `minutes` is what the step's clock began with, `rung` how often the ladder was gone up since."""

    id = ma.fields.String(metadata=ID)
    seq = ma.fields.Integer(metadata={"example": 2})
    elder = ma.fields.Nested(HealthAlertElder)
    rule = ma.fields.String(metadata={"example": "important_abnormal_a"})
    rule_version = ma.fields.Integer(metadata={"example": 1})
    severity = ma.fields.String(validate=_SEVERITY, metadata={"example": "urgent"})
    severity_zh = ma.fields.String(metadata={"example": "紧急"})
    state = ma.fields.String(validate=_STATE, metadata={"example": "acknowledged"})
    state_zh = ma.fields.String(metadata={"example": "已接警,待处置"})
    sentence_zh = ma.fields.String(metadata={"example": "收缩压 186 毫米汞柱,达到 A 类重要异常。"})
    found_at = ma.fields.String(metadata=TIME)
    raised_at = ma.fields.String(metadata=TIME)
    acknowledged_at = ma.fields.String(metadata=TIME)
    acted_at = ma.fields.String(metadata=TIME)
    closed_at = ma.fields.String(metadata=TIME)
    step = ma.fields.String(validate=validate.OneOf(tuple(alert_terms.STEP_ZH)), metadata={"example": "act"})
    step_zh = ma.fields.String(metadata={"example": "处置"})
    due = ma.fields.String(metadata=TIME)
    overdue = _flag(example=False)
    minutes = ma.fields.Float(metadata={"example": 120})
    rung = ma.fields.Integer(metadata={"example": 0})
    repeats = ma.fields.Integer(metadata={"example": 0})
    acts = ma.fields.List(ma.fields.Nested(HealthAlertActView))
    at_duty_desk = _flag(example=False)
    called_120 = _flag(example=False)
    linked_to = ma.fields.String(metadata=ID)
    outcome = ma.fields.Nested(HealthAlertOutcomeView)
    after = ma.fields.Nested(HealthAlertAfterView)


class HealthAlertList(ma.Schema):
    """A page of alerts."""

    items = ma.fields.List(ma.fields.Nested(HealthAlertView))
    next = ma.fields.String(allow_none=True)


class HealthAlertEventView(ma.Schema):
    """One line of what happened to an alert."""

    at = ma.fields.String(metadata=TIME)
    what = ma.fields.String(metadata={"example": "acted"})
    what_zh = ma.fields.String(metadata={"example": "上门查看"})
    by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    note = ma.fields.String(metadata={"example": "已上门,复测血压正常"})
    severity = ma.fields.String(validate=_SEVERITY, metadata={"example": "urgent"})
    rung = ma.fields.String(validate=validate.OneOf(alert_terms.LADDER), metadata={"example": "family"})
    step = ma.fields.String(metadata={"example": "acknowledge"})
    act = ma.fields.String(metadata={"example": "home_visit"})
    answer = ma.fields.String(metadata={"example": "here"})
    outcome = ma.fields.String(metadata={"example": "resolved"})
    before = ma.fields.String(metadata={"example": "false_alarm"})
    after = ma.fields.String(metadata={"example": "referral"})


class HealthAlertWhole(HealthAlertView):
    """An alert with everything that happened."""

    events = ma.fields.List(ma.fields.Nested(HealthAlertEventView))


class HealthAlertActBody(ma.Schema):
    """What one did."""

    kind = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(alert_terms.ACTS)), metadata={"example": "home_visit"}
    )
    note = ma.fields.String(load_default="", validate=_NOTE, metadata={"example": "已上门,复测血压正常"})


class HealthAlertNoteBody(ma.Schema):
    """What one adds."""

    note = ma.fields.String(required=True, validate=_SOME_NOTE, metadata={"example": "女儿下午回来照看"})


class HealthAlertOutcomeBody(ma.Schema):
    """How it ended; a death is confirmed."""

    outcome = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(alert_terms.OUTCOMES)), metadata={"example": "resolved"}
    )
    note = ma.fields.String(load_default="", validate=_NOTE, metadata={"example": "休息后血压 146/88"})
    confirmed = ma.fields.Boolean(load_default=False, metadata={"example": False}, truthy={True}, falsy={False})


class HealthAlertCorrectBody(ma.Schema):
    """The right outcome, of the alert as one saw it (`seq`), and why."""

    outcome = ma.fields.String(
        required=True,
        validate=validate.OneOf(tuple(one for one in alert_terms.OUTCOMES if one != "died")),
        metadata={"example": "false_alarm"},
    )
    seq = ma.fields.Integer(required=True, validate=validate.Range(1, 1_000_000), metadata={"example": 5})
    note = ma.fields.String(required=True, validate=_SOME_NOTE, metadata={"example": "登记时选错"})


class HealthAlertAfterBody(ma.Schema):
    """What came of what was left to be done."""

    note = ma.fields.String(load_default="", validate=_NOTE, metadata={"example": "已住院治疗"})


class HealthDutyBody(ma.Schema):
    """One line of a roster."""

    login = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 64), validate.Regexp(_WORDS)),
        metadata={"example": "zhang.san"},
    )
    level = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(duty_roster.LEVEL_ZH)), metadata={"example": "first"}
    )
    begins = ma.fields.AwareDateTime(required=True, validate=_YEARS, metadata=TIME)
    until = ma.fields.AwareDateTime(required=True, validate=_YEARS, metadata={"example": "2026-11-20T20:00:00+08:00"})


class HealthRosterBody(ma.Schema):
    """The duties of a unit; the same again changes nothing."""

    unit = ma.fields.String(required=True, validate=_UNIT, metadata={"example": "health_commission"})
    duties = ma.fields.List(
        ma.fields.Nested(HealthDutyBody), required=True, validate=validate.Length(1, duty_roster.MOST)
    )


class HealthRosterPut(ma.Schema):
    """How many duties are new or different."""

    unit = ma.fields.String(metadata={"example": "health_commission"})
    changed = ma.fields.Integer(metadata=_COUNT)


class HealthRosterQuery(HealthAlertPageQuery):
    """A page of a unit's duties."""

    unit = ma.fields.String(required=True, validate=_UNIT, metadata={"example": "health_commission"})


class HealthDutyView(ma.Schema):
    """One duty."""

    id = ma.fields.String(metadata={"example": "health_commission:673ec0a5c0ffee0123456789:1795138200"})
    unit = ma.fields.String(metadata={"example": "health_commission"})
    login = ma.fields.String(metadata={"example": "zhang.san"})
    live = _flag(example=True)
    level = ma.fields.String(validate=validate.OneOf(tuple(duty_roster.LEVEL_ZH)), metadata={"example": "first"})
    level_zh = ma.fields.String(metadata={"example": "主班"})
    begins = ma.fields.String(metadata=TIME)
    until = ma.fields.String(metadata=TIME)


class HealthDutyList(ma.Schema):
    """A page of duties, by their end."""

    items = ma.fields.List(ma.fields.Nested(HealthDutyView))
    next = ma.fields.String(allow_none=True)


class HealthAlertLoadQuery(ma.Schema):
    """Of which unit, between which days (inclusive), at most a month."""

    unit = ma.fields.String(required=True, validate=_UNIT, metadata={"example": "health_commission"})
    first = ma.fields.Date(required=True, data_key="from", validate=_DAYS, metadata={"example": "2026-11-14"})
    last = ma.fields.Date(required=True, data_key="to", validate=_DAYS, metadata={"example": "2026-11-20"})


class HealthAlertLoadMember(ma.Schema):
    """What one member did in a shift; `median_seconds` is from raised to acknowledged."""

    staff_id = ma.fields.String(metadata=ID)
    login = ma.fields.String(metadata={"example": "zhang.san"})
    acknowledged = ma.fields.Integer(metadata=_COUNT)
    acted = ma.fields.Integer(metadata=_COUNT)
    closed = ma.fields.Integer(metadata=_COUNT)
    median_seconds = ma.fields.Integer(allow_none=True, metadata={"example": 240})


class HealthAlertLoadShift(ma.Schema):
    """One shift of a unit."""

    day = ma.fields.String(metadata={"example": "2026-11-20"})
    shift = ma.fields.String(metadata={"example": "08:00"})
    raised = ma.fields.Integer(metadata=_COUNT)
    on_duty = ma.fields.Integer(metadata={"example": 2})
    raised_per_person = ma.fields.Float(allow_none=True, metadata={"example": 1.5})
    median_seconds = ma.fields.Integer(allow_none=True, metadata={"example": 240})
    members = ma.fields.List(ma.fields.Nested(HealthAlertLoadMember))


class HealthAlertLoadList(ma.Schema):
    """The shifts of a unit, by day."""

    items = ma.fields.List(ma.fields.Nested(HealthAlertLoadShift))
    next = ma.fields.String(allow_none=True)


class HealthWorkItem(ma.Schema):
    """Something that is due for an elder."""

    elder = ma.fields.Nested(HealthAlertElder)
    kind = ma.fields.String(metadata={"example": "referral"})
    kind_zh = ma.fields.String(metadata={"example": "询问转诊结果"})
    due = ma.fields.String(metadata=TIME)
    overdue = _flag(example=False)
    about = ma.fields.String(metadata=ID)


class HealthWorkPart(ma.Schema):
    """A part of the day's work."""

    part = ma.fields.String(metadata={"example": "after_alerts"})
    part_zh = ma.fields.String(metadata={"example": "提醒结束后的待办"})
    items = ma.fields.List(ma.fields.Nested(HealthWorkItem))
    more = _flag(example=False)


class HealthWorkView(ma.Schema):
    """The work of the day: live alerts, the most overdue first, then what is due by part."""

    day = ma.fields.String(metadata={"example": "2026-11-20"})
    alerts = ma.fields.List(ma.fields.Nested(HealthAlertView))
    alerts_more = _flag(example=False)
    parts = ma.fields.List(ma.fields.Nested(HealthWorkPart))
