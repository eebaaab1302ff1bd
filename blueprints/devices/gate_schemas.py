"""Shapes of what scanners fetch and hand in."""

from datetime import UTC, datetime

import marshmallow as ma
from marshmallow import validate

from models.devices.journal import MOST_ENTRIES

_MOMENT = {"example": "2026-11-23T09:30:00+08:00"}
_KEY = {"description": "base64, 32 字节", "example": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
_CURSOR = "WyIyMDI2LTExLTIzVDAxOjI1OjAwKzAwOjAwIiwiIixudWxsXQ"
_YEARS = validate.Range(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_RESULTS = ("received", "duplicate", "key_reused", "malformed", "refused")


class FeedQuery(ma.Schema):
    """Where the walk through the feed stands."""

    cursor = ma.fields.String(validate=validate.Length(1, 512), metadata={"example": _CURSOR})


class RevocationView(ma.Schema):
    """A code that must not be accepted; after `until` it has expired by itself and may be forgotten."""

    kind = ma.fields.String(metadata={"example": "credential"})
    key = ma.fields.String(metadata={"description": "凭证号(十六进制)或票号", "example": "9f3ac0ffee012345"})
    scope = ma.fields.String(metadata={"description": "景点或终端类别,空为全部", "example": ""})
    reason = ma.fields.String(metadata={"example": "lost"})
    at = ma.fields.String(metadata=_MOMENT)
    until = ma.fields.String(metadata=_MOMENT)


class FeedView(ma.Schema):
    """A part of the feed. `more`: go on at once with `next`; else keep `next` for the next time."""

    items = ma.fields.List(ma.fields.Nested(RevocationView))
    next = ma.fields.String(metadata={"example": _CURSOR})
    more = ma.fields.Boolean(metadata={"example": False})


class DeviceSelfView(ma.Schema):
    """What the device is registered as."""

    id = ma.fields.String(metadata={"example": "gate-museum-01"})
    name = ma.fields.String(metadata={"example": "东门 1 号闸机"})
    scanner_class = ma.fields.String(metadata={"example": "venue"})
    place = ma.fields.String(metadata={"example": "museum"})
    zone = ma.fields.String(metadata={"description": "分区,空为整个景点", "example": ""})
    direction = ma.fields.String(metadata={"example": "in"})
    reads_documents = ma.fields.Boolean(metadata={"example": False})
    signs_entries = ma.fields.Boolean(metadata={"example": True})


class GateZoneView(ma.Schema):
    """How often today's tickets of one start may enter a zone; `most_entries` 0 is any number."""

    code = ma.fields.String(metadata={"example": "hall_a"})
    most_entries = ma.fields.Integer(metadata={"example": 1})
    again = ma.fields.String(metadata={"example": "after_exit"})
    parent = ma.fields.String(metadata={"example": ""})
    ticket_types = ma.fields.List(ma.fields.String(), metadata={"example": ["adult"]})


class GateRuleView(ma.Schema):
    """What today's tickets that begin at `start` (minutes of the day) agreed for the gates."""

    start = ma.fields.Integer(metadata={"example": 540})
    end = ma.fields.Integer(metadata={"example": 660})
    enter_early_minutes = ma.fields.Integer(metadata={"example": 30})
    static_code = ma.fields.String(metadata={"example": "accept"})
    zones = ma.fields.List(ma.fields.Nested(GateZoneView))


class PublicKeyView(ma.Schema):
    """A public key; `answer` keys sign what devices are told, `ticket` keys tickets, `card` keys printed cards."""

    use = ma.fields.String(validate=validate.OneOf(("answer", "ticket", "card")), metadata={"example": "ticket"})
    key_id = ma.fields.Integer(metadata={"example": 1})
    algorithm = ma.fields.String(metadata={"example": "Ed25519"})
    public_key = ma.fields.String(metadata=_KEY)


class LimitsView(ma.Schema):
    """How long and how much the device may accept without network."""

    max_offline_hours = ma.fields.Integer(metadata={"example": 24})
    max_accepted = ma.fields.Integer(metadata={"example": 20000})
    max_accepted_per_handle = ma.fields.Integer(metadata={"example": 4})
    accept_late_hours = ma.fields.Integer(metadata={"description": "流水补传期限", "example": 168})
    valid_from = ma.fields.String(metadata={"example": "2026-01-01"})
    source = ma.fields.String(metadata={"example": "平台初定值, 待核定"})


class SyncView(ma.Schema):
    """Everything that a device needs to work without network."""

    server_time = ma.fields.String(metadata={"example": "2026-11-23T09:30:00.000+08:00"})
    clock_offset_seconds = ma.fields.Integer(metadata={"description": "服务器减本机,秒", "example": 0})
    clock_advice = ma.fields.String(metadata={"example": ""})
    device = ma.fields.Nested(DeviceSelfView)
    keys = ma.fields.List(ma.fields.Nested(PublicKeyView))
    limits = ma.fields.Nested(LimitsView)
    gate_rules = ma.fields.List(ma.fields.Nested(GateRuleView))
    revocations = ma.fields.Nested(FeedView)


class KeysBody(ma.Schema):
    """An X25519 public key made for this request only."""

    public_key = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z"), metadata=_KEY
    )


class SealedKeysView(ma.Schema):
    """The verification keys of the device's class, as docs/devices.md says how to open them."""

    algorithm = ma.fields.String(metadata={"example": "X25519-HKDF-SHA256-AES256GCM"})
    public_key = ma.fields.String(metadata=_KEY)
    sealed = ma.fields.String(metadata={"description": "base64", "example": "q83vEjRWeJq83vEjRWeJq83vEjRWeJo="})


class JournalBody(ma.Schema):
    """What was decided without network; each entry is read on its own, so that a bad one holds up no other."""

    device_time = ma.fields.AwareDateTime(required=True, validate=_YEARS, metadata=_MOMENT)
    entries = ma.fields.List(
        ma.fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(1, MOST_ENTRIES),
        metadata={
            "example": [
                {
                    "nonce": "b2f1c0ffee0123456789",
                    "at": "2026-11-23T09:30:00+08:00",
                    "code_kind": "ticket",
                    "code": "5R80:8 9WE%4K/F",
                    "decision": "admitted",
                    "direction": "in",
                }
            ]
        },
    )


class ReceiptView(ma.Schema):
    """What became of one entry; `reason` names the part that could not be read."""

    nonce = ma.fields.String(metadata={"example": "b2f1c0ffee0123456789"})
    result = ma.fields.String(validate=validate.OneOf(_RESULTS), metadata={"example": "received"})
    reason = ma.fields.String(metadata={"example": "at"})
    quarantine = ma.fields.String(
        validate=validate.OneOf(("kept", "full")),
        metadata={"description": "不能入账的流水:已隔离备查,或本机隔离区已满", "example": "kept"},
    )


class ReceiptList(ma.Schema):
    """One receipt for each entry, in order; all are final. With `quarantine: full` the content is kept by nobody."""

    items = ma.fields.List(ma.fields.Nested(ReceiptView))
    next = ma.fields.String(allow_none=True)
    server_time = ma.fields.String(metadata={"example": "2026-11-23T09:30:00.000+08:00"})
