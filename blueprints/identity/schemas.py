"""Shapes of staff, sessions, invitations and devices."""

import base64
import binascii
from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.identity import password, roles, staff, unit
from models.identity.device import DIRECTIONS, SCANNER_CLASSES

LOGIN = r"^[a-z][a-z0-9_.-]{2,31}\Z"
CODE = r"^[0-9]{6}\Z"
AREA = r"^([0-9]{6}|[0-9]{9}|[0-9]{12})?\Z"
PUBLIC_KEY_BYTES = 32
_KEY_WRONG = "应为 32 字节 Ed25519 公钥的 base64。"
_MOST = password.MOST
_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_SHOWN_NAME = validate.And(
    validate.Length(1, 40),
    validate.Regexp(r"^([^\S\x00-\x1f]|[\x85\ufeff])*[^\s\x00-\x1f\x7f\x85\ufeff][^\x00-\x1f\x7f]*\Z"),
)


class StaffPageQuery(ma.Schema):
    """Which page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class StaffQuery(StaffPageQuery):
    """The members of which unit."""

    unit = ma.fields.String(validate=validate.Regexp(r"^[a-z0-9_]{1,64}\Z"), metadata={"example": "public_security"})


class StaffLoginBody(ma.Schema):
    """What a member of the staff types in."""

    login = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "liu.fang"})
    password = ma.fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(1, password.MOST),
        metadata={"format": "password", "example": "Zhongguo-2026!"},
    )
    totp = ma.fields.String(
        required=True, validate=validate.Length(1, 16), metadata={"description": "动态口令", "example": "492039"}
    )


class StaffPasswordBody(ma.Schema):
    """The present password and the new one."""

    password = ma.fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(1, _MOST),
        metadata={"format": "password", "example": "Zhongguo-2026!"},
    )
    new_password = ma.fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(1, _MOST),
        metadata={"format": "password", "example": "Zhongguo-2027!"},
    )


class StaffTokenView(ma.Schema):
    """The session's token, to send as `Authorization: Bearer …`."""

    token = ma.fields.String(metadata={"example": "Z1J3bFhxd0V…"})
    until = ma.fields.String(metadata={"description": "最迟到此时失效", **_TIME})
    idle_seconds = ma.fields.Integer(metadata={"description": "无操作多久失效", "example": 1800})


class StaffSessionView(ma.Schema):
    """One session of one's own."""

    id = ma.fields.String(metadata={"example": "5f3c1d6a9b20c4e1"})
    current = ma.fields.Boolean()
    at = ma.fields.String(metadata=_TIME)
    last_seen = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata=_TIME)


class StaffSessionList(ma.Schema):
    """One's sessions."""

    items = ma.fields.List(ma.fields.Nested(StaffSessionView))
    next = ma.fields.String(allow_none=True)


class StaffAssignmentBody(ma.Schema):
    """A role at a unit, within an area by its division code; no area is the whole county."""

    role = ma.fields.String(
        required=True, validate=validate.OneOf(list(roles.ROLES)), metadata={"example": "scenic_manager"}
    )
    unit = ma.fields.String(
        load_default="",
        validate=validate.Regexp(r"^[a-z0-9_]{0,64}\Z"),
        metadata={"description": "单位代码", "example": "changzhengyuan"},
    )
    area = ma.fields.String(
        load_default="", validate=validate.Regexp(AREA), metadata={"description": "区划代码", "example": "360731100"}
    )


class StaffAssignmentView(ma.Schema):
    """A role, with its Chinese name."""

    role = ma.fields.String(metadata={"example": "scenic_manager"})
    role_zh = ma.fields.String(metadata={"example": "景区管理员"})
    unit = ma.fields.String(metadata={"example": "changzhengyuan"})
    area = ma.fields.String(metadata={"example": ""})


_REASON = {"description": "敏感角色须说明理由,供审批人查看", "example": "接任财务岗位"}


class StaffAssignBody(ma.Schema):
    """The roles that a member has from now on."""

    assignments = ma.fields.List(ma.fields.Nested(StaffAssignmentBody), required=True, validate=validate.Length(1, 10))
    reason = ma.fields.String(load_default="", validate=validate.Length(0, 300), metadata=_REASON)


class StaffInviteBody(StaffAssignBody):
    """Who is invited, to which roles."""

    login = ma.fields.String(required=True, validate=validate.Regexp(LOGIN), metadata={"example": "liu.fang"})
    name = ma.fields.String(required=True, validate=_SHOWN_NAME, metadata={"example": "刘芳"})


class StaffInvitationView(ma.Schema):
    """The one-time link; hand it to its owner yourself, it is shown only here.

    With an `approval_id` it opens nothing before the approval, works for a day from then, and wants the PIN as well.
    """

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    link = ma.fields.String(metadata={"example": "https://…/office/v1/invitations/Z1J3bFhxd0V…"})
    until = ma.fields.String(metadata=_TIME)
    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})


class StaffSelfView(ma.Schema):
    """Who one is and what one may do."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    login = ma.fields.String(metadata={"example": "liu.fang"})
    name = ma.fields.String(metadata={"example": "刘芳"})
    assignments = ma.fields.List(ma.fields.Nested(StaffAssignmentView))
    operations = ma.fields.List(ma.fields.String(), metadata={"example": ["order.list", "slot.close"]})
    password_expired = ma.fields.Boolean(metadata={"description": "为真时须先修改密码", "example": False})


class StaffMemberView(ma.Schema):
    """A member of the staff in the administrator's list."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    login = ma.fields.String(metadata={"example": "liu.fang"})
    name = ma.fields.String(metadata={"example": "刘芳"})
    assignments = ma.fields.List(ma.fields.Nested(StaffAssignmentView))
    state = ma.fields.String(validate=validate.OneOf(staff.STATES), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "正常"})
    created_at = ma.fields.String(metadata=_TIME)
    invited_until = ma.fields.String(metadata=_TIME)
    last_seen = ma.fields.String(metadata=_TIME)


class StaffAssignedView(StaffMemberView):
    """A member; with an `approval_id` the new roles wait for a second person."""

    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})


class StaffMemberList(ma.Schema):
    """A page of the staff."""

    items = ma.fields.List(ma.fields.Nested(StaffMemberView))
    next = ma.fields.String(allow_none=True)


class InvitedView(ma.Schema):
    """Whom an open link invites, and which step comes next."""

    login = ma.fields.String(metadata={"example": "liu.fang"})
    until = ma.fields.String(metadata=_TIME)
    pin_needed = ma.fields.Boolean(metadata={"description": "设置密码时须填口令码", "example": False})
    next_step = ma.fields.String(metadata={"description": "accept 设置密码;confirm 提交动态口令", "example": "accept"})


class InvitationAcceptBody(ma.Schema):
    """The password that the invited person chooses."""

    password = ma.fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(1, password.MOST),
        metadata={
            "format": "password",
            "example": "Zhongguo-2026!",
            "description": "12 至 128 位,大小写字母、数字、符号至少三类",
        },
    )
    pin = ma.fields.String(
        load_default="",
        load_only=True,
        validate=validate.Length(0, 32),
        metadata={"description": "审批人告知的口令码", "example": "7KQ2M9XWPA"},
    )


class EnrolmentView(ma.Schema):
    """For the authenticator app, shown once."""

    secret = ma.fields.String(metadata={"example": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"})
    otpauth_uri = ma.fields.String(metadata={"example": "otpauth://totp/…?secret=…&issuer=…"})


class InvitationConfirmBody(ma.Schema):
    """The first code of the authenticator app."""

    totp = ma.fields.String(required=True, validate=validate.Regexp(CODE), metadata={"example": "492039"})


ZONE_CODE = r"^([a-z][a-z0-9_]{0,31})?\Z"


class DutyBody(ma.Schema):
    """What a gate does where it stands."""

    zone = ma.fields.String(
        load_default="",
        validate=validate.Regexp(ZONE_CODE),
        metadata={"description": "所在分区,空为整个景点", "example": ""},
    )
    direction = ma.fields.String(load_default="in", validate=validate.OneOf(DIRECTIONS), metadata={"example": "in"})
    reads_documents = ma.fields.Boolean(
        load_default=False, metadata={"description": "带身份证读卡器", "example": False}
    )
    signs_entries = ma.fields.Boolean(
        load_default=True, metadata={"description": "离线流水逐条签名;未签名的流水不予接收", "example": True}
    )


class DeviceBody(DutyBody):
    """A gate to register; the private key never leaves it."""

    id = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[a-z0-9][a-z0-9_-]{2,63}\Z"),
        metadata={"description": "设备编号,印在设备上", "example": "gate-museum-01"},
    )
    name = ma.fields.String(required=True, validate=_SHOWN_NAME, metadata={"example": "东门 1 号闸机"})
    place_id = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[a-z0-9][a-z0-9_.:-]{0,63}\Z"),
        metadata={"description": "所在景点;其他类别为网点、线路或经营者编号", "example": "museum"},
    )
    scanner_class = ma.fields.String(
        load_default="venue",
        validate=validate.OneOf(tuple(SCANNER_CLASSES)),
        metadata={"description": "终端类别", "example": "venue"},
    )
    unit = ma.fields.String(
        validate=validate.Regexp(unit.CODE),
        metadata={"description": "负责单位;景区闸机由景点决定,不必填", "example": "changzhengyuan"},
    )
    public_key = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9+/]{43}=\Z", error=_KEY_WRONG),
        metadata={
            "description": "Ed25519 公钥,32 字节 base64",
            "example": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        },
    )

    @ma.validates("public_key")
    def key_is_whole(self, value: str, **_kwargs: Any) -> None:
        """The key is 32 bytes in base64."""
        try:
            raw = base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            raw = b""
        if len(raw) != PUBLIC_KEY_BYTES:
            raise ma.ValidationError(_KEY_WRONG)


class DeviceQuery(StaffPageQuery):
    """The gates of which place."""

    place_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "museum"})


class DeviceView(ma.Schema):
    """A registered gate."""

    id = ma.fields.String(metadata={"example": "gate-museum-01"})
    name = ma.fields.String(metadata={"example": "东门 1 号闸机"})
    place_id = ma.fields.String(metadata={"example": "museum"})
    scanner_class = ma.fields.String(metadata={"example": "venue"})
    unit = ma.fields.String(metadata={"example": "changzhengyuan"})
    zone = ma.fields.String(metadata={"example": "hall_a"})
    direction = ma.fields.String(validate=validate.OneOf(DIRECTIONS), metadata={"example": "in"})
    reads_documents = ma.fields.Boolean(metadata={"example": False})
    signs_entries = ma.fields.Boolean(metadata={"example": True})
    state = ma.fields.String(validate=validate.OneOf(("active", "revoked")), metadata={"example": "active"})
    registered_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    registered_at = ma.fields.String(metadata=_TIME)


class DeviceList(ma.Schema):
    """A page of gates."""

    items = ma.fields.List(ma.fields.Nested(DeviceView))
    next = ma.fields.String(allow_none=True)
