"""Shapes of login, consent, binding and companions."""

import marshmallow as ma
from marshmallow import validate

from backend.identity_documents import KINDS

_CODE = validate.Length(1, 128)


class LoginBody(ma.Schema):
    """What the mini-program sends to log in."""

    js_code = ma.fields.String(required=True, validate=_CODE, metadata={"example": "0a3Xyz"})
    privacy_version = ma.fields.String(required=True, validate=_CODE, metadata={"example": "2026-11"})


class RefreshBody(ma.Schema):
    """A refresh token."""

    refresh_token = ma.fields.String(
        required=True, validate=validate.Length(1, 256), metadata={"example": "6921b0c58f1d2a3b4c5d6e7f.kR4v…"}
    )


class TokensView(ma.Schema):
    """What the phone keeps."""

    access_token = ma.fields.String(required=True, metadata={"example": "ZTg5…"})
    refresh_token = ma.fields.String(required=True)
    access_until = ma.fields.String(required=True, metadata={"example": "2026-11-23T10:00:00+08:00"})
    refresh_until = ma.fields.String(required=True)


class PhoneBody(ma.Schema):
    """WeChat's phone code (not the login code)."""

    code = ma.fields.String(required=True, validate=_CODE, metadata={"example": "e31968a7f94cc5ee25fafc2aef2773f0"})


class PhoneView(ma.Schema):
    """The number, masked."""

    phone = ma.fields.String(metadata={"example": "138****1234"})


class PersonBody(ma.Schema):
    """A name and a document."""

    name = ma.fields.String(required=True, validate=validate.Length(1, 60), metadata={"example": "张三丰"})
    document_kind = ma.fields.String(
        required=True, validate=validate.OneOf(list(KINDS)), metadata={"example": "resident_id"}
    )
    document_number = ma.fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"example": "440524188001010014"}
    )


class CompanionView(ma.Schema):
    """A visitor of the account's list, masked."""

    id = ma.fields.String(metadata={"example": "9f3c1d6a9b20"})
    name = ma.fields.String(metadata={"example": "张**"})
    document_kind = ma.fields.String(metadata={"example": "resident_id"})
    document_tail = ma.fields.String(metadata={"example": "**************0014"})
    is_self = ma.fields.Boolean()
    relation_id = ma.fields.String(
        metadata={"description": "按代办或监护关系添加", "example": "673ec0a5c0ffee0123456789"}
    )


class FromRelationBody(ma.Schema):
    """By which relation a visitor is added."""

    relation_id = ma.fields.String(
        required=True, validate=validate.Length(1, 64), metadata={"example": "673ec0a5c0ffee0123456789"}
    )


class PersonView(ma.Schema):
    """A person, masked; `acting_for` when it is the one for whom one acts."""

    name = ma.fields.String(metadata={"example": "张**"})
    document_kind = ma.fields.String(metadata={"example": "resident_id"})
    document_tail = ma.fields.String(metadata={"example": "**************0014"})
    level = ma.fields.String(metadata={"description": "身份核验等级", "example": "matched"})
    level_zh = ma.fields.String(metadata={"example": "登记核验"})
    acting_for = ma.fields.Boolean()
    scope = ma.fields.List(ma.fields.String(), metadata={"example": ["book", "affairs"]})


class BindingCodeView(ma.Schema):
    """A code that the clerk types."""

    code = ma.fields.String(metadata={"example": "40718263"})
    until = ma.fields.String(metadata={"example": "2026-11-23T10:05:00+08:00"})


class CompanionList(ma.Schema):
    """All visitors; the list is bounded, so there is no next page."""

    items = ma.fields.List(ma.fields.Nested(CompanionView))
    next = ma.fields.String(allow_none=True)


class AccountView(ma.Schema):
    """The account as its owner sees it."""

    level = ma.fields.String(metadata={"example": "declared"})
    level_zh = ma.fields.String(metadata={"example": "本人申报"})
    method = ma.fields.String(metadata={"description": "核验方式", "example": "counter"})
    method_zh = ma.fields.String(metadata={"example": "窗口核验"})
    has_phone = ma.fields.Boolean()
    consents = ma.fields.List(ma.fields.String(), metadata={"example": ["document"]})


class PrivacyView(ma.Schema):
    """The privacy text in force."""

    version = ma.fields.String(metadata={"example": "2026-11"})
    body = ma.fields.String()
    digest = ma.fields.String()
