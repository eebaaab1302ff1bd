"""Shapes of consent."""

import marshmallow as ma
from marshmallow import validate

from models.identity.consent_purpose import PURPOSES

_TIME = {"example": "2026-11-23T10:00:00+08:00"}


class ConsentBody(ma.Schema):
    """One purpose, or several that are not sensitive, under the newest text."""

    purposes = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(PURPOSES))),
        required=True,
        validate=validate.Length(1, len(PURPOSES)),
        metadata={"example": ["document"]},
    )
    text_version = ma.fields.String(required=True, validate=validate.Length(1, 32), metadata={"example": "2026-11"})


class ConsentPageQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class ConsentView(ma.Schema):
    """A purpose as the resident sees it."""

    purpose = ma.fields.String(metadata={"example": "document"})
    purpose_zh = ma.fields.String(metadata={"example": "用身份证件实名登记"})
    data_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["姓名", "证件号码"]})
    sensitive = ma.fields.Boolean()
    text = ma.fields.String(metadata={"example": "实名预约需要您和同行人的姓名……"})
    text_version = ma.fields.String(metadata={"example": "2026-11"})
    text_digest = ma.fields.String(metadata={"description": "说明文本的 SHA-256", "example": "9f86d081…"})
    given = ma.fields.Boolean()
    given_at = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata=_TIME)
    ask_again_from = ma.fields.String(metadata={"description": "拒绝后在此之前不再询问", **_TIME})


class ConsentList(ma.Schema):
    """All purposes; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(ConsentView))
    next = ma.fields.String(allow_none=True)


class ConsentRecordView(ma.Schema):
    """One consent from beginning to end."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    purpose = ma.fields.String(metadata={"example": "document"})
    purpose_zh = ma.fields.String(metadata={"example": "用身份证件实名登记"})
    data_zh = ma.fields.List(ma.fields.String())
    text_version = ma.fields.String(metadata={"example": "2026-11"})
    text_digest = ma.fields.String(metadata={"example": "9f86d081…"})
    channel = ma.fields.String(metadata={"example": "mini_program"})
    given_at = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata=_TIME)
    ended_at = ma.fields.String(metadata=_TIME)
    ended_by = ma.fields.String(metadata={"example": "withdrawn"})


class ConsentRecordList(ma.Schema):
    """A page of records, newest first."""

    items = ma.fields.List(ma.fields.Nested(ConsentRecordView))
    next = ma.fields.String(allow_none=True)
