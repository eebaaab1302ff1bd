"""Shapes of long illnesses under management, their visits, and the yearly check."""

import marshmallow as ma
from marshmallow import validate

from blueprints.eldercare.knowing_schemas import CODE, DAY, ID, TIME, VERSION, WORDS
from models.eldercare import follow_up, programme

_DISEASE = {"example": "hypertension"}
_DECISION = {"example": "continue"}
_MEASURED = ("systolic", "diastolic", "heart_rate", "temperature", "fasting_glucose", "random_glucose", "weight")


class HealthProgrammeBody(ma.Schema):
    """Into which programme the elder is taken."""

    disease = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(programme.DISEASES)), metadata={"example": "diabetes"}
    )


class HealthProgrammeEndBody(ma.Schema):
    """Why a programme ends."""

    ended_as = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(programme.ENDED_ZH)), metadata={"example": "dismissed"}
    )


class HealthLastVisitView(ma.Schema):
    """How the last visit went."""

    record = ma.fields.String(metadata=ID)
    at = ma.fields.String(metadata=TIME)
    reached = ma.fields.Boolean(metadata={"example": True})
    decision = ma.fields.String(validate=validate.OneOf(tuple(follow_up.DECISION_ZH)), metadata=_DECISION)
    decision_zh = ma.fields.String(metadata={"example": "控制满意,继续目前的治疗"})


class HealthProgrammeView(ma.Schema):
    """One long illness of an elder: where it stands and when the next visit is due."""

    id = ma.fields.String(metadata=ID)
    disease = ma.fields.String(validate=validate.OneOf(tuple(programme.DISEASES)), metadata=_DISEASE)
    disease_zh = ma.fields.String(metadata={"example": "高血压"})
    state = ma.fields.String(validate=validate.OneOf(tuple(programme.STATE_ZH)), metadata={"example": "managed"})
    state_zh = ma.fields.String(metadata={"example": "管理中"})
    because = ma.fields.String(validate=validate.OneOf(tuple(programme.BECAUSE_ZH)), metadata={"example": "doctor"})
    because_zh = ma.fields.String(metadata={"example": "医务人员诊断"})
    opened_at = ma.fields.String(metadata=TIME)
    unreached = ma.fields.Integer(metadata={"example": 0})
    next_visit = ma.fields.String(metadata=DAY)
    overdue = ma.fields.Boolean(metadata={"example": False})
    last = ma.fields.Nested(HealthLastVisitView)
    ended_as = ma.fields.String(metadata={"example": "dismissed"})
    ended_as_zh = ma.fields.String(metadata={"example": "排除"})


class HealthProgrammeList(ma.Schema):
    """The programmes of an elder, those that live first."""

    items = ma.fields.List(ma.fields.Nested(HealthProgrammeView))
    next = ma.fields.String(allow_none=True)


class HealthVisitBody(ma.Schema):
    """What a visit found; values in the quantities' own units."""

    at = ma.fields.AwareDateTime(required=True, metadata=TIME)
    values = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.OneOf(_MEASURED)),
        values=ma.fields.Float(required=True, validate=validate.Range(-100, 100_000)),
        required=True,
        validate=validate.Length(1, len(_MEASURED)),
        metadata={"example": {"systolic": 138, "diastolic": 82}},
    )
    signs = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(tuple(follow_up.SIGNS))),
        load_default=list,
        validate=validate.Length(0, len(follow_up.SIGNS)),
        metadata={"example": ["side_effects"]},
    )
    text = ma.fields.String(validate=WORDS, metadata={"example": "已嘱低盐饮食"})


class HealthVisitView(ma.Schema):
    """What came of a visit, and the day of the next."""

    id = ma.fields.String(metadata=ID)
    at = ma.fields.String(metadata=TIME)
    decision = ma.fields.String(validate=validate.OneOf(tuple(follow_up.DECISION_ZH)), metadata=_DECISION)
    decision_zh = ma.fields.String(metadata={"example": "控制满意,继续目前的治疗"})
    reached = ma.fields.Boolean(metadata={"example": True})
    next_visit = ma.fields.String(metadata=DAY)
    sentence_zh = ma.fields.String(
        metadata={
            "example": "高血压随访收缩压138毫米汞柱、舒张压82毫米汞柱,控制满意,继续目前的治疗,下次随访不晚于2月20日。"
        }
    )
    rule = ma.fields.String(metadata={"example": "health_hypertension_visit"})
    rule_version = ma.fields.Integer(metadata=VERSION)


class HealthCheckDone(ma.Schema):
    """One item that was done."""

    item = ma.fields.String(required=True, validate=CODE, metadata={"example": "ecg"})
    at = ma.fields.AwareDateTime(required=True, metadata=TIME)
    abnormal = ma.fields.Boolean(load_default=False, metadata={"example": False})


class HealthCheckBody(ma.Schema):
    """What was done in the check of a year; nothing opens it with what was measured."""

    items = ma.fields.List(
        ma.fields.Nested(HealthCheckDone), load_default=list, validate=validate.Length(0, 60), metadata={"example": []}
    )


class HealthCheckItemView(ma.Schema):
    """One item of the check: done, abnormal or missing."""

    item = ma.fields.String(metadata={"example": "ecg"})
    item_zh = ma.fields.String(metadata={"example": "心电图"})
    group = ma.fields.String(metadata={"example": "laboratory"})
    state = ma.fields.String(validate=validate.OneOf(("done", "abnormal", "missing")), metadata={"example": "done"})
    state_zh = ma.fields.String(metadata={"example": "已做"})
    at = ma.fields.String(metadata=TIME)


class HealthCheckView(ma.Schema):
    """The check of a year, by the version of its list."""

    id = ma.fields.String(metadata=ID)
    year = ma.fields.Integer(metadata={"example": 2026})
    rule = ma.fields.String(metadata={"example": "yearly_check"})
    rule_version = ma.fields.Integer(metadata=VERSION)
    left = ma.fields.Integer(metadata={"example": 3})
    complete = ma.fields.Boolean(metadata={"example": False})
    missing_zh = ma.fields.String(metadata={"example": "心电图、腹部B超、胸部数字化摄影"})
    items = ma.fields.List(ma.fields.Nested(HealthCheckItemView))


class HealthCheckList(ma.Schema):
    """The yearly checks of an elder, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HealthCheckView))
    next = ma.fields.String(allow_none=True)
