"""Shapes of units."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.schemas import AREA, StaffPageQuery
from models.identity import unit

_SHOWN_NAME = validate.And(
    validate.Length(1, 60),
    validate.Regexp(r"^([^\S\x00-\x1f]|[\x85\ufeff])*[^\s\x00-\x1f\x7f\x85\ufeff][^\x00-\x1f\x7f]*\Z"),
)
_CODE = {"example": "public_security"}


class UnitQuery(StaffPageQuery):
    """All units, those directly below one, or all below one."""

    parent = ma.fields.String(validate=validate.Regexp(unit.CODE), metadata=_CODE)
    under = ma.fields.String(validate=validate.Regexp(unit.CODE), metadata=_CODE)
    state = ma.fields.String(validate=validate.OneOf(tuple(unit.STATE_ZH)), metadata={"example": "active"})


class UnitChangeBody(ma.Schema):
    """Name, kind and place in the tree; no parent is the top, no area the whole county."""

    name = ma.fields.String(required=True, validate=_SHOWN_NAME, metadata={"example": "县公安局"})
    kind = ma.fields.String(required=True, validate=validate.OneOf(tuple(unit.KINDS)), metadata={"example": "bureau"})
    parent = ma.fields.String(
        load_default="",
        validate=validate.Regexp(r"^([a-z][a-z0-9_]{1,63})?\Z"),
        metadata={"example": "county_government"},
    )
    area = ma.fields.String(load_default="", validate=validate.Regexp(AREA), metadata={"example": "360731"})


class UnitBody(UnitChangeBody):
    """A unit to make; the code never changes."""

    code = ma.fields.String(required=True, validate=validate.Regexp(unit.CODE), metadata=_CODE)


class UnitView(ma.Schema):
    """A unit."""

    code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata={"example": "县公安局"})
    kind = ma.fields.String(validate=validate.OneOf(tuple(unit.KINDS)), metadata={"example": "bureau"})
    kind_zh = ma.fields.String(metadata={"example": "县直(驻县)部门"})
    parent = ma.fields.String(metadata={"example": "county_government"})
    path = ma.fields.List(ma.fields.String(), metadata={"example": ["county_government", "public_security"]})
    area = ma.fields.String(metadata={"example": "360731"})
    state = ma.fields.String(validate=validate.OneOf(tuple(unit.STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "正常"})
    valid_from = ma.fields.String(metadata={"example": "2022-01-01"})
    closed_at = ma.fields.String(metadata={"example": "2026-11-23T09:30:00+08:00"})


class UnitList(ma.Schema):
    """A page of units."""

    items = ma.fields.List(ma.fields.Nested(UnitView))
    next = ma.fields.String(allow_none=True)
