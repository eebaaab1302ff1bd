"""Shapes of what is due and of one's own assessments."""

import marshmallow as ma
from marshmallow import validate


class HealthDueView(ma.Schema):
    """Something to do, in at most twenty characters for big type."""

    text_zh = ma.fields.String(validate=validate.Length(1, 20), metadata={"example": "高血压随访,7天内"})
    due_on = ma.fields.String(metadata={"example": "2026-11-27"})
    tone = ma.fields.String(validate=validate.OneOf(("calm", "attention", "act")), metadata={"example": "attention"})


class HealthDueList(ma.Schema):
    """What is due, the nearest first."""

    items = ma.fields.List(ma.fields.Nested(HealthDueView))
    next = ma.fields.String(allow_none=True)


class HealthOwnAssessmentView(ma.Schema):
    """One assessment, in one sentence."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    title_zh = ma.fields.String(metadata={"example": "老年人生活自理能力评估表"})
    value_zh = ma.fields.String(metadata={"example": "4分,轻度依赖"})
    sentence_zh = ma.fields.String(metadata={"example": "老年人生活自理能力评估表共4分,为轻度依赖。"})
    at = ma.fields.String(metadata={"example": "2026-11-20T09:30:00+08:00"})


class HealthOwnAssessmentList(ma.Schema):
    """One's own assessments, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HealthOwnAssessmentView))
    next = ma.fields.String(allow_none=True)
