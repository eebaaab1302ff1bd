"""Shapes of the inbox."""

import marshmallow as ma
from marshmallow import validate


class NoticeQuery(ma.Schema):
    """Which page of the messages."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class NoticeView(ma.Schema):
    """One message."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    kind = ma.fields.String(metadata={"example": "binding_gained"})
    title_zh = ma.fields.String(metadata={"example": "身份绑定"})
    text_zh = ma.fields.String(metadata={"example": "您的账号已在政务服务窗口完成实人核验。"})
    at = ma.fields.String(metadata={"example": "2026-11-23T09:30:00+08:00"})
    read = ma.fields.Boolean()


class NoticeList(ma.Schema):
    """A page of messages."""

    items = ma.fields.List(ma.fields.Nested(NoticeView))
    next = ma.fields.String(allow_none=True)
