"""Shapes of agents of an organisation, and of what was done in its name."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.counter_schemas import _NAME, _TIME
from blueprints.identity.schemas import StaffPageQuery
from models.identity import agent, member_act
from models.identity.membership import ROLE_ZH

_ID = {"example": "673ec0a5c0ffee0123456789"}


class AgentTermBody(ma.Schema):
    """What the agent may do and the last day of it; what a scope rests on comes with it."""

    scopes = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(agent.SCOPES))),
        required=True,
        validate=validate.Length(1, len(agent.SCOPES)),
        metadata={"example": ["confirm", "matters"]},
    )
    last_day = ma.fields.Date(required=True, metadata={"example": "2027-06-30"})


class AgentBody(AgentTermBody):
    """Whom the organisation names: the real name must be that of who accepts."""

    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "李文"})


class OrganisationActQuery(StaffPageQuery):
    """A page of what was done in the organisation's name."""


class OrganisationAct(ma.Schema):
    """Something that somebody did in the organisation's name."""

    id = ma.fields.String(metadata=_ID)
    at = ma.fields.String(metadata=_TIME)
    name = ma.fields.String(metadata={"example": "李**"})
    role = ma.fields.String(validate=validate.OneOf(list(ROLE_ZH)), metadata={"example": "agent"})
    role_zh = ma.fields.String(metadata={"example": "授权经办人"})
    what = ma.fields.String(validate=validate.OneOf(list(member_act.WHAT_ZH)), metadata={"example": "offer_confirm"})
    what_zh = ma.fields.String(metadata={"example": "确认惠企政策兑现"})
    about = ma.fields.String(metadata={"example": "offer:673ec0a5c0ffee0123456789"})
    at_counter = ma.fields.Boolean(metadata={"example": False})


class OrganisationActList(ma.Schema):
    """A page of acts, newest first."""

    items = ma.fields.List(ma.fields.Nested(OrganisationAct))
    next = ma.fields.String(allow_none=True)
