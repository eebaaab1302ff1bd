"""Shapes of wearables and measurements by hand on the phone."""

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.eldercare import codes
from models.eldercare.measuring_forms import DEVICE_ID

MOST = 1_000_000
_YEARS = validate.Range(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_UNIT = validate.Regexp(r"^[\x21-\x7e]{1,20}\Z")
_CODE = {"example": "blood_pressure"}
_VALUES = [
    {"quantity": "systolic", "value": 142, "unit": "mm[Hg]"},
    {"quantity": "diastolic", "value": 86, "unit": "mm[Hg]"},
]


class HealthClaimBody(ma.Schema):
    """The number of a wearable and the code in its box."""

    device_id = ma.fields.String(
        required=True, validate=validate.Regexp(DEVICE_ID), metadata={"example": "band-0001"}
    )  # fmt: skip
    code = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9A-Z]{8,16}\Z"),
        metadata={"description": "包装盒标签上的绑定码", "example": "7K3M9Q2X"},
    )


class HealthValueBody(ma.Schema):
    """One number with its unit."""

    quantity = ma.fields.String(
        required=True, validate=validate.OneOf(list(codes.QUANTITIES)), metadata={"example": "systolic"}
    )  # fmt: skip
    value = ma.fields.Float(
        required=True, validate=validate.Range(-MOST, MOST), allow_nan=False, metadata={"example": 142}
    )  # fmt: skip
    unit = ma.fields.String(
        required=True, validate=_UNIT, metadata={"description": "UCUM 单位", "example": "mm[Hg]"}
    )  # fmt: skip


class HealthMeasurementBody(ma.Schema):
    """What was measured at home, and when."""

    code = ma.fields.String(required=True, validate=validate.OneOf(codes.NAMES), metadata=_CODE)
    values = ma.fields.List(
        ma.fields.Nested(HealthValueBody),
        required=True,
        validate=validate.Length(1, 4),
        metadata={"example": _VALUES},
    )
    at = ma.fields.AwareDateTime(
        required=True, validate=_YEARS, metadata={"example": "2026-11-20T07:30:00+08:00"}
    )  # fmt: skip

    @ma.validates("values")
    def each_once(self, values: list[dict[str, Any]], **_kwargs: Any) -> None:
        """A quantity is told once."""
        told = [one["quantity"] for one in values if "quantity" in one]
        if len(set(told)) < len(told):
            raise ma.ValidationError("同一项目只能填写一次。")


class HealthOwnFlagView(ma.Schema):
    """What a person should know of a measurement."""

    code = ma.fields.String(metadata={"example": "implausible"})
    zh = ma.fields.String(metadata={"example": "数值超出人体可能范围,请核对"})


class HealthMeasurementView(ma.Schema):
    """A measurement as it was kept."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    code = ma.fields.String(metadata=_CODE)
    code_zh = ma.fields.String(metadata={"example": "血压"})
    values = ma.fields.Dict(metadata={"example": {"systolic": 142.0, "diastolic": 86.0}})
    at = ma.fields.String(metadata={"example": "2026-11-20T07:30:00+08:00"})
    flags = ma.fields.List(ma.fields.Nested(HealthOwnFlagView))
