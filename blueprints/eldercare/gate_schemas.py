"""Shapes of kiosks and wearables: what they send and what they are told."""

from datetime import UTC, datetime

import marshmallow as ma
from marshmallow import validate

from models.eldercare.item_forms import HealthFlagView
from models.eldercare.kiosk_session import MOST_READINGS
from models.eldercare.kiosk_upload import LONGEST_CODE, MOST_ENTRIES
from models.eldercare.samples import MOST_SERIES

_TIME = {"example": "2026-11-20T09:30:00+08:00"}
_YEARS = validate.Range(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_KEY = {"description": "终端自定的编号,重传时不变", "example": "bp-20261120-0001"}
_CODE_TEXT = "NCFOXN%TSMAHN-H7.B2WJU4MBU48"
_READING = {
    "key": "bp-20261120-0001",
    "code": "blood_pressure",
    "at": "2026-11-20T09:30:00+08:00",
    "values": {"systolic": {"value": 142, "unit": "mm[Hg]"}, "diastolic": {"value": 86, "unit": "mm[Hg]"}},
    "context": {"position": "sitting"},
}


def _device_time() -> ma.fields.AwareDateTime:
    return ma.fields.AwareDateTime(
        required=True,
        validate=_YEARS,
        metadata={"description": "上传时设备自己的时间", "example": "2026-11-20T09:30:02+08:00"},
    )


class HealthLoginBody(ma.Schema):
    """The code that the person shows."""

    code = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, LONGEST_CODE), validate.Regexp(r"^[\x20-\x7e]+\Z")),
        metadata={"description": "一卡通码全文", "example": _CODE_TEXT},
    )


class HealthLoginView(ma.Schema):
    """Whether the code holds; the session and whom to greet when it does."""

    result = ma.fields.String(metadata={"example": "accepted"})
    message = ma.fields.String(metadata={"example": "核验通过。"})
    session_id = ma.fields.String(metadata={"example": "9f86d081884c7d659a2feaa0"})
    until = ma.fields.String(metadata=_TIME)
    name = ma.fields.String(metadata={"description": "遮蔽后的姓名", "example": "张**"})


class HealthReadingsBody(ma.Schema):
    """What was measured; each reading is read on its own, so that a bad one holds up no other."""

    device_time = _device_time()
    readings = ma.fields.List(
        ma.fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(1, MOST_READINGS),
        metadata={"example": [_READING]},
    )


class HealthReadingReceiptView(ma.Schema):
    """What became of one reading; `again_seconds` asks for one more after that rest."""

    key = ma.fields.String(metadata=_KEY)
    result = ma.fields.String(
        validate=validate.OneOf(("received", "duplicate", "key_reused", "malformed", "held", "refused")),
        metadata={"example": "received"},
    )
    reason = ma.fields.String(metadata={"example": "unit_unknown"})
    message = ma.fields.String(metadata={"example": "已收到。请静坐 1 分钟后再测一次。"})
    flags = ma.fields.List(ma.fields.Nested(HealthFlagView))
    again_seconds = ma.fields.Integer(metadata={"example": 60})
    observation_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    values = ma.fields.Dict(metadata={"example": {"systolic": 142.0, "diastolic": 86.0}})


class HealthReadingReceiptList(ma.Schema):
    """One receipt for each reading, in order."""

    items = ma.fields.List(ma.fields.Nested(HealthReadingReceiptView))
    next = ma.fields.String(allow_none=True)
    server_time = ma.fields.String(metadata=_TIME)


class HealthSessionEndView(ma.Schema):
    """A session that ended."""

    session_id = ma.fields.String(metadata={"example": "9f86d081884c7d659a2feaa0"})
    state = ma.fields.String(metadata={"example": "closed"})
    state_zh = ma.fields.String(metadata={"example": "已结束"})


class HealthUploadBody(ma.Schema):
    """What was measured without network, an entry for each person at the kiosk."""

    device_time = _device_time()
    entries = ma.fields.List(
        ma.fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(1, MOST_ENTRIES),
        metadata={
            "example": [
                {
                    "key": "offline-20261120-0001",
                    "at": "2026-11-20T09:29:00+08:00",
                    "code": _CODE_TEXT,
                    "readings": [_READING],
                }
            ]
        },
    )


class HealthEntryReceiptView(ma.Schema):
    """What became of one entry and of its readings."""

    key = ma.fields.String(metadata=_KEY)
    result = ma.fields.String(
        validate=validate.OneOf(("received", "duplicate", "key_reused", "malformed", "held")),
        metadata={"example": "received"},
    )
    reason = ma.fields.String(metadata={"example": "revoked"})
    readings = ma.fields.List(ma.fields.Nested(HealthReadingReceiptView))


class HealthEntryReceiptList(ma.Schema):
    """One receipt for each entry, in order."""

    items = ma.fields.List(ma.fields.Nested(HealthEntryReceiptView))
    next = ma.fields.String(allow_none=True)
    server_time = ma.fields.String(metadata=_TIME)


class HealthSamplesBody(ma.Schema):
    """What a wearable measured, in columns; the seconds of a series count from its start and rise."""

    device_time = _device_time()
    series = ma.fields.List(
        ma.fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(1, MOST_SERIES),
        metadata={
            "example": [
                {
                    "quantity": "heart_rate",
                    "unit": "/min",
                    "start": "2026-11-20T09:00:00+08:00",
                    "seconds": [0, 5, 10],
                    "values": [72, 73, 71],
                }
            ]
        },
    )


class HealthSeriesReceiptView(ma.Schema):
    """What became of one series: how many were stored, known before, or taken while nobody wore the device."""

    result = ma.fields.String(validate=validate.OneOf(("received", "malformed")), metadata={"example": "received"})
    reason = ma.fields.String(metadata={"example": "unit"})
    stored = ma.fields.Integer(metadata={"example": 3})
    known = ma.fields.Integer(metadata={"example": 0})
    unworn = ma.fields.Integer(metadata={"example": 0})


class HealthSeriesReceiptList(ma.Schema):
    """One receipt for each series, in order."""

    items = ma.fields.List(ma.fields.Nested(HealthSeriesReceiptView))
    next = ma.fields.String(allow_none=True)
    server_time = ma.fields.String(metadata=_TIME)
