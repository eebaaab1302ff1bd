"""Shapes of the candidates of a round."""

import marshmallow as ma
from marshmallow import validate

from models.school import fact_forms
from models.school.candidate import SOURCES
from models.school.candidate_views import STATES

_ID = {"example": "673ec0a5c0ffee0123456789"}
_STATE = {"example": "no_account"}
_STATE_ZH = {"example": "监护人均未使用小程序"}


class CandidateQuery(ma.Schema):
    """A page of candidates, of one state where it is named."""

    state = ma.fields.String(load_default="", validate=validate.OneOf(("", *STATES)), metadata=_STATE)
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class CandidateView(ma.Schema):
    """A child that was found: guardians masked, where it may apply, what is missing, whom the message reached."""

    id = ma.fields.String(metadata=_ID)
    child = ma.fields.String(metadata={"example": "未满14周岁,需审批"})
    guardians = ma.fields.List(ma.fields.String(metadata={"example": "刘*"}))
    village = ma.fields.String(metadata={"example": "360731100001"})
    source = ma.fields.String(validate=validate.OneOf(SOURCES), metadata={"example": "register"})
    eligible = ma.fields.String(validate=validate.OneOf(("yes", "no", "unknown")), metadata={"example": "yes"})
    schools_zh = ma.fields.String(metadata={"example": "于都县实验小学"})
    tier_zh = ma.fields.String(metadata={"example": "第 1 梯次"})
    missing = ma.fields.List(ma.fields.Nested(fact_forms.SchoolLackView))
    asking = ma.fields.Boolean(metadata={"description": "登记部门尚未答复,需再次查找", "example": False})
    two_households = ma.fields.Boolean(metadata={"description": "户籍登记中同时在两户", "example": False})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATES)), metadata=_STATE)
    state_zh = ma.fields.String(metadata=_STATE_ZH)


class CandidateList(ma.Schema):
    """A page of candidates, in the order in which they were found."""

    items = ma.fields.List(ma.fields.Nested(CandidateView))
    next = ma.fields.String(allow_none=True)


class CandidateCountView(ma.Schema):
    """How many candidates stand in a state; 20,000 stands for that many or more."""

    state = ma.fields.String(validate=validate.OneOf(tuple(STATES)), metadata=_STATE)
    state_zh = ma.fields.String(metadata=_STATE_ZH)
    count = ma.fields.Integer(metadata={"example": 312})


class CandidateCountList(ma.Schema):
    """One line a state."""

    items = ma.fields.List(ma.fields.Nested(CandidateCountView))
    next = ma.fields.String(allow_none=True)
