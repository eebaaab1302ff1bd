"""Shapes of grants and settings."""

import marshmallow as ma
from marshmallow import validate

from models.messaging.grant import ANSWERS
from models.messaging.notice_kinds import MOMENTS

_TEMPLATE = {"example": "tmpl_visit_reminder"}


class MomentQuery(ma.Schema):
    """When it is asked: at booking, at joining a waiting list, at a refund, at a case."""

    moment = ma.fields.String(validate=validate.OneOf(tuple(MOMENTS)), metadata={"example": "order"})


class TemplateView(ma.Schema):
    """A template to ask for, and how many messages of it are allowed by now."""

    name = ma.fields.String(metadata={"example": "visit_reminder"})
    template_id = ma.fields.String(metadata=_TEMPLATE)
    title_zh = ma.fields.String(metadata={"example": "游览提醒"})
    left = ma.fields.Integer(metadata={"example": 1})


class TemplateList(ma.Schema):
    """The templates of a moment."""

    items = ma.fields.List(ma.fields.Nested(TemplateView))
    next = ma.fields.String(allow_none=True)


class GrantResult(ma.Schema):
    """What the user answered to one template."""

    template_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_TEMPLATE)
    result = ma.fields.String(required=True, validate=validate.OneOf(ANSWERS), metadata={"example": "accept"})


class GrantsBody(ma.Schema):
    """What one tap came to; `always` when the user ticked "always keep this choice"."""

    moment = ma.fields.String(validate=validate.OneOf(tuple(MOMENTS)), metadata={"example": "order"})
    results = ma.fields.List(
        ma.fields.Nested(GrantResult),
        required=True,
        validate=validate.Length(1, 5),
        metadata={"example": [{"template_id": "tmpl_visit_reminder", "result": "accept"}]},
    )
    always = ma.fields.Boolean(load_default=False, metadata={"example": False})


class BalanceView(ma.Schema):
    """How many messages of a template are allowed."""

    template_id = ma.fields.String(metadata=_TEMPLATE)
    left = ma.fields.Integer(metadata={"example": 1})


class BalanceList(ma.Schema):
    """What is left of each template."""

    items = ma.fields.List(ma.fields.Nested(BalanceView))
    next = ma.fields.String(allow_none=True)


class SettingView(ma.Schema):
    """A kind of notice, and whether it comes by WeChat or SMS."""

    kind = ma.fields.String(metadata={"example": "visit_reminder"})
    title_zh = ma.fields.String(metadata={"example": "游览提醒"})
    on = ma.fields.Boolean(metadata={"example": True})
    can_switch_off = ma.fields.Boolean(metadata={"example": True})


class SettingList(ma.Schema):
    """All kinds."""

    items = ma.fields.List(ma.fields.Nested(SettingView))
    next = ma.fields.String(allow_none=True)


class SettingBody(ma.Schema):
    """On or off."""

    on = ma.fields.Boolean(required=True, metadata={"example": False})
