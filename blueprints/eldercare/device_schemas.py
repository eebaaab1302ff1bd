"""Shapes of measuring devices, and of readings that wait for a person."""

import base64
import binascii
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.schemas import StaffPageQuery
from models.eldercare.health_device import KIND_ZH, STATE_ZH
from models.eldercare.measuring_forms import DEVICE_ID
from models.identity import unit

PUBLIC_KEY_BYTES = 32
_DAYS = validate.Range(date(2000, 1, 1), date(2100, 1, 1))
_KEY_WRONG = "请填写 32 字节 Ed25519 公钥的 base64。"
_WORDS = validate.And(validate.Length(1, 60), validate.Regexp(r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]\Z"))
_ID = {"description": "设备编号,印在设备上", "example": "kiosk-tantou-01"}
_UNIT = {"description": "负责单位", "example": "health_commission"}
_ON = {"description": "校准日期", "example": "2026-06-01"}
_UNTIL = {"description": "有效期至", "example": "2027-05-31"}
_CERTIFICATE = {"description": "校准证书编号", "example": "JZ-2026-00183"}
_TIME = {"example": "2026-11-20T09:30:00+08:00"}


def _words(example: str) -> ma.fields.String:
    return ma.fields.String(required=True, validate=_WORDS, metadata={"example": example})


class HealthCalibrationBody(ma.Schema):
    """A calibration as its certificate says."""

    on = ma.fields.Date(required=True, validate=_DAYS, metadata=_ON)
    until = ma.fields.Date(required=True, validate=_DAYS, metadata=_UNTIL)
    certificate = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^[A-Za-z0-9./_-]{0,64}\Z"), metadata=_CERTIFICATE
    )  # fmt: skip


class HealthDeviceBody(ma.Schema):
    """A measuring device to register; the private key never leaves it."""

    id = ma.fields.String(required=True, validate=validate.Regexp(DEVICE_ID), metadata=_ID)
    kind = ma.fields.String(required=True, validate=validate.OneOf(list(KIND_ZH)), metadata={"example": "kiosk"})
    name = _words("潭头卫生院自助体检机")
    maker = _words("某某医疗器械有限公司")
    model = _words("HK-900")
    unit = ma.fields.String(required=True, validate=validate.Regexp(unit.CODE), metadata=_UNIT)
    claim = ma.fields.String(
        load_default="",
        validate=validate.Regexp(r"^([0-9A-Z]{8,16})?\Z"),
        metadata={"description": "穿戴设备包装盒上的绑定码", "example": "7K3M9Q2X"},
    )
    public_key = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9+/]{43}=\Z", error=_KEY_WRONG),
        metadata={
            "description": "Ed25519 公钥,32 字节 base64",
            "example": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        },
    )
    calibration = ma.fields.Nested(
        HealthCalibrationBody,
        load_default=None,
        allow_none=True,
        metadata={"example": {"on": "2026-06-01", "until": "2027-05-31", "certificate": "JZ-2026-00183"}},
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


class HealthDeviceQuery(StaffPageQuery):
    """Of which unit, and whether only those whose calibration is over."""

    unit = ma.fields.String(
        load_default="", validate=validate.Regexp(f"^({unit.CODE.strip('^$')})?\\Z"), metadata=_UNIT
    )
    overdue = ma.fields.Boolean(load_default=False, metadata={"example": False})


class HealthCalibrationView(ma.Schema):
    """A calibration."""

    on = ma.fields.String(metadata=_ON)
    until = ma.fields.String(metadata=_UNTIL)
    certificate = ma.fields.String(metadata=_CERTIFICATE)


class HealthDeviceView(ma.Schema):
    """A measuring device with its calibrations, the newest first."""

    id = ma.fields.String(metadata=_ID)
    kind = ma.fields.String(metadata={"example": "kiosk"})
    kind_zh = ma.fields.String(metadata={"example": "自助体检机"})
    name = ma.fields.String(metadata={"example": "潭头卫生院自助体检机"})
    maker = ma.fields.String(metadata={"example": "某某医疗器械有限公司"})
    model = ma.fields.String(metadata={"example": "HK-900"})
    unit = ma.fields.String(metadata=_UNIT)
    state = ma.fields.String(validate=validate.OneOf(list(STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "在用"})
    calibrated_on = ma.fields.String(metadata=_ON)
    valid_until = ma.fields.String(metadata=_UNTIL)
    certificate = ma.fields.String(metadata=_CERTIFICATE)
    overdue = ma.fields.Boolean(metadata={"description": "校准已过期或从未校准", "example": False})
    calibrations = ma.fields.List(ma.fields.Nested(HealthCalibrationView))


class HealthDeviceList(ma.Schema):
    """A page of devices, those whose calibration ends first before the others."""

    items = ma.fields.List(ma.fields.Nested(HealthDeviceView))
    next = ma.fields.String(allow_none=True)


class HealthBindBody(ma.Schema):
    """Which wearable."""

    device_id = ma.fields.String(
        required=True, validate=validate.Regexp(DEVICE_ID), metadata={"example": "band-0001"}
    )  # fmt: skip


class HealthHeldValueView(ma.Schema):
    """A number as the device told it."""

    quantity = ma.fields.String(metadata={"example": "systolic"})
    quantity_zh = ma.fields.String(metadata={"example": "收缩压"})
    value = ma.fields.Float(metadata={"example": 142})
    unit = ma.fields.String(metadata={"example": "mm[Hg]"})


class HealthHeldReadingView(ma.Schema):
    """One reading as the device told it."""

    key = ma.fields.String(metadata={"example": "bp-20261120-0001"})
    code = ma.fields.String(metadata={"example": "blood_pressure"})
    code_zh = ma.fields.String(metadata={"example": "血压"})
    at = ma.fields.String(metadata=_TIME)
    values = ma.fields.List(ma.fields.Nested(HealthHeldValueView))


class HealthHeldView(ma.Schema):
    """Readings that wait for a person, and why."""

    id = ma.fields.String(metadata={"example": "9f86d081884c7d659a2feaa0"})
    device_id = ma.fields.String(metadata=_ID)
    at = ma.fields.String(metadata=_TIME)
    state = ma.fields.String(metadata={"example": "held"})
    state_zh = ma.fields.String(metadata={"example": "待核对"})
    reason = ma.fields.String(metadata={"example": "revoked"})
    reason_zh = ma.fields.String(metadata={"example": "一卡通码未通过核验"})
    readings = ma.fields.List(ma.fields.Nested(HealthHeldReadingView))


class HealthHeldList(ma.Schema):
    """A page of what waits, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HealthHeldView))
    next = ma.fields.String(allow_none=True)


class HealthIdentifyBody(ma.Schema):
    """Whose readings these are."""

    elder_id = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9a-f]{24}\Z"),
        metadata={"description": "健康档案编号", "example": "673ec0a5c0ffee0123456789"},
    )
