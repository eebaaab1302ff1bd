"""Shapes of alerts on the phone."""

import marshmallow as ma
from marshmallow import validate

from models.eldercare import alert_terms

_TIME = {"example": "2026-11-20T09:30:00+08:00"}


class HealthOwnAlertQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class HealthOwnAlertAnswer(ma.Schema):
    """Something that one may answer."""

    code = ma.fields.String(validate=validate.OneOf(tuple(alert_terms.ANSWERS)), metadata={"example": "here"})
    code_zh = ma.fields.String(metadata={"example": "家属已到身边"})


class HealthOwnAlertView(ma.Schema):
    """An alert in short phrases."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    at = ma.fields.String(metadata=_TIME)
    severity = ma.fields.String(validate=validate.OneOf(alert_terms.SEVERITIES), metadata={"example": "urgent"})
    severity_zh = ma.fields.String(metadata={"example": "紧急"})
    state = ma.fields.String(validate=validate.OneOf(tuple(alert_terms.STATE_ZH)), metadata={"example": "raised"})
    state_zh = ma.fields.String(metadata={"example": "正在通知医生"})
    phrases_zh = ma.fields.List(ma.fields.String(metadata={"example": "数据不太好,请坐下休息"}))
    sentence_zh = ma.fields.String(metadata={"example": "收缩压 186 毫米汞柱,达到 A 类重要异常。"})
    live = ma.fields.Boolean(metadata={"example": True})
    answers = ma.fields.List(ma.fields.Nested(HealthOwnAlertAnswer))
    outcome = ma.fields.String(validate=validate.OneOf(tuple(alert_terms.OUTCOMES)), metadata={"example": "resolved"})
    outcome_zh = ma.fields.String(metadata={"example": "已恢复,请放心"})
    closed_at = ma.fields.String(metadata=_TIME)


class HealthOwnAlertList(ma.Schema):
    """A page of alerts, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HealthOwnAlertView))
    next = ma.fields.String(allow_none=True)


class HealthOwnAlertEvent(ma.Schema):
    """One line of what happened, in words."""

    at = ma.fields.String(metadata=_TIME)
    what_zh = ma.fields.String(metadata={"example": "已接警"})


class HealthOwnAlertWhole(HealthOwnAlertView):
    """An alert with what happened."""

    events = ma.fields.List(ma.fields.Nested(HealthOwnAlertEvent))


class HealthOwnAlertAnswerBody(ma.Schema):
    """What one answers."""

    answer = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(alert_terms.ANSWERS)), metadata={"example": "here"}
    )
