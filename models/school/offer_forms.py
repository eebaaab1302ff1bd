"""What is seen of an offer and of an appeal, the same on the phone and in the office."""

import marshmallow as ma
from marshmallow import validate

from models.school import appeal, offer

_TIME = {"example": "2027-07-20T09:30:00+08:00"}
_ID = {"example": "673ec0a5c0ffee0123456789"}
_CODE = {"example": "chengguan_primary"}


class SchoolOfferView(ma.Schema):
    """An offer: which school, since when, until when it waits for an answer. A `choice` of 0 is none of one's own."""

    id = ma.fields.String(metadata=_ID)
    round = ma.fields.String(metadata={"example": "2027-primary"})
    application_id = ma.fields.String(metadata=_ID)
    school = ma.fields.String(metadata=_CODE)
    school_zh = ma.fields.String(metadata={"example": "于都县城关小学"})
    choice = ma.fields.Integer(metadata={"example": 1})
    kind = ma.fields.String(validate=validate.OneOf(tuple(offer.KINDS)), metadata={"example": "drawn"})
    kind_zh = ma.fields.String(metadata={"example": "派位录取"})
    state = ma.fields.String(validate=validate.OneOf(tuple(offer.STATES)), metadata={"example": "offered"})
    state_zh = ma.fields.String(metadata={"example": "待确认"})
    offered_at = ma.fields.String(metadata=_TIME)
    respond_by = ma.fields.String(metadata=_TIME)
    report_zh = ma.fields.String(metadata={"description": "报到日", "example": "2027-08-31"})
    notice = ma.fields.Boolean(metadata={"description": "能否领取入学通知书", "example": False})
    number = ma.fields.String(metadata={"example": "RXTZ-20270720-000012"})


class SchoolOwnAppealView(ma.Schema):
    """An appeal; words, questions and the reason are in its case."""

    id = ma.fields.String(metadata=_ID)
    case_id = ma.fields.String(metadata=_ID)
    number = ma.fields.String(metadata={"example": "RXSS-20270722-000003"})
    application_id = ma.fields.String(metadata=_ID)
    what = ma.fields.String(validate=validate.OneOf(tuple(appeal.WHAT_ZH)), metadata={"example": "refusal"})
    what_zh = ma.fields.String(metadata={"example": "审核不通过的决定"})
    school = ma.fields.String(metadata=_CODE)
    outcome_school = ma.fields.String(metadata=_CODE)
    state = ma.fields.String(validate=validate.OneOf(tuple(appeal.STATES)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "办理中"})
    opened_at = ma.fields.String(metadata=_TIME)
    appeal_until = ma.fields.String(metadata=_TIME)
