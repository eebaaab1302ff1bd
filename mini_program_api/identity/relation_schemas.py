"""Shapes of relations: guardians and helpers."""

import marshmallow as ma
from marshmallow import validate

from mini_program_api.identity.schemas import PersonBody
from models.identity.relation import STATES
from models.identity.relation_terms import KIND_ZH, METHOD_ZH, SCOPE_ZH

_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_DAY = {"description": "有效期最后一天,最长一年", "example": "2027-06-30"}


class RelationQuery(ma.Schema):
    """Which page of the relations."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class HelperBody(PersonBody):
    """Who shall help, in what, until when."""

    scope = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(SCOPE_ZH))),
        required=True,
        validate=validate.Length(1, len(SCOPE_ZH)),
        metadata={"example": ["book", "affairs"]},
    )
    last_day = ma.fields.Date(required=True, metadata=_DAY)


class LastDayBody(ma.Schema):
    """The new last day."""

    last_day = ma.fields.Date(required=True, metadata=_DAY)


class RelationView(ma.Schema):
    """A relation as one of its sides sees it."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    kind = ma.fields.String(validate=validate.OneOf(list(KIND_ZH)), metadata={"example": "helper"})
    kind_zh = ma.fields.String(metadata={"example": "代办人"})
    side = ma.fields.String(
        validate=validate.OneOf(("helped", "agent")),
        metadata={"description": "helped 我是被代办人;agent 我是办理人", "example": "helped"},
    )
    other_name = ma.fields.String(metadata={"example": "李*"})
    scope = ma.fields.List(ma.fields.String(), metadata={"example": ["book"]})
    scope_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["预约出行"]})
    state = ma.fields.String(validate=validate.OneOf(STATES), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "有效"})
    verified_by = ma.fields.String(validate=validate.OneOf(list(METHOD_ZH)), metadata={"example": "counter"})
    verified_by_zh = ma.fields.String(metadata={"example": "窗口核验"})
    since = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata=_TIME)
    ended_at = ma.fields.String(metadata=_TIME)
    end_reason_zh = ma.fields.String(metadata={"example": "本人撤销"})


class RelationList(ma.Schema):
    """A page of relations."""

    items = ma.fields.List(ma.fields.Nested(RelationView))
    next = ma.fields.String(allow_none=True)
