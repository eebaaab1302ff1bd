"""Shapes of standards and of what they say of a content."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.selenium import standard, standard_check
from models.selenium.grower_forms import LONG_NAME, NAME
from models.selenium.product import GROUP_ZH

_NUMBER = {"example": "DB36/T 566-2009"}
_ID = {"example": "db36t_566_2009"}
_DAY = {"example": "2026-07-01"}
_MG = validate.Regexp(r"^[0-9]{1,6}(\.[0-9]{1,6})?\Z")


def _bound(example: str) -> ma.fields.String:
    return ma.fields.String(allow_none=True, load_default=None, validate=_MG, metadata={"example": example})


def _group() -> ma.fields.String:
    return ma.fields.String(required=True, validate=validate.OneOf(list(GROUP_ZH)), metadata={"example": "fruit"})


def _basis(**told: Any) -> ma.fields.String:
    return ma.fields.String(
        validate=validate.OneOf(list(standard.BASIS_ZH)), metadata={"example": "fresh"}, **(told or {"required": True})
    )


class StandardRowBody(ma.Schema):
    """What a standard asks of a group, in mg/kg."""

    group = _group()
    item_zh = ma.fields.String(load_default="", validate=validate.Length(0, 20), metadata={"example": ""})
    basis = _basis()
    lower_mg_per_kg = _bound("0.010")
    upper_mg_per_kg = _bound("0.050")
    organic_percent = ma.fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(1, 99), metadata={"example": 65}
    )


class StandardRowView(ma.Schema):
    """A row of a table."""

    group = ma.fields.String(metadata={"example": "fruit"})
    group_zh = ma.fields.String(metadata={"example": "水果"})
    item_zh = ma.fields.String(metadata={"example": ""})
    basis = ma.fields.String(metadata={"example": "fresh"})
    basis_zh = ma.fields.String(metadata={"example": "以产品(鲜样)计"})
    lower_mg_per_kg = ma.fields.String(allow_none=True, metadata={"example": "0.010"})
    upper_mg_per_kg = ma.fields.String(allow_none=True, metadata={"example": "0.050"})
    organic_percent = ma.fields.Integer(allow_none=True, metadata={"example": 65})


class StandardBody(ma.Schema):
    """An edition and when it is in force."""

    number = ma.fields.String(required=True, validate=NAME, metadata=_NUMBER)
    title_zh = ma.fields.String(required=True, validate=LONG_NAME, metadata={"example": "富硒食品硒含量分类标准"})
    kind = ma.fields.String(
        required=True, validate=validate.OneOf(list(standard.KIND_ZH)), metadata={"example": "produce"}
    )
    scope = ma.fields.String(
        required=True, validate=validate.OneOf(list(standard.SCOPE_ZH)), metadata={"example": "county"}
    )
    valid_from = ma.fields.Date(allow_none=True, load_default=None, metadata=_DAY)
    valid_to = ma.fields.Date(allow_none=True, load_default=None, metadata=_DAY)
    note_zh = ma.fields.String(load_default="", validate=validate.Length(0, 200), metadata={"example": ""})


class StandardTableBody(ma.Schema):
    """Rows that count from a day on, and where they are written."""

    valid_from = ma.fields.Date(required=True, metadata=_DAY)
    rows = ma.fields.List(
        ma.fields.Nested(StandardRowBody), required=True, validate=validate.Length(1, standard.MOST_ROWS)
    )
    source = ma.fields.String(required=True, validate=LONG_NAME, metadata={"example": "标准文本第 4 章"})
    confidence = ma.fields.String(
        required=True, validate=validate.OneOf(("high", "medium")), metadata={"example": "high"}
    )


class StandardTableView(ma.Schema):
    """A table of a standard."""

    valid_from = ma.fields.String(allow_none=True, metadata=_DAY)
    valid_to = ma.fields.String(allow_none=True, metadata=_DAY)
    source = ma.fields.String(metadata={"example": "标准文本第 4 章"})
    confidence = ma.fields.String(metadata={"example": "high"})
    rows = ma.fields.List(ma.fields.Nested(StandardRowView))


class StandardView(ma.Schema):
    """A standard with its tables."""

    id = ma.fields.String(metadata=_ID)
    number = ma.fields.String(metadata=_NUMBER)
    title_zh = ma.fields.String(metadata={"example": "富硒食品硒含量分类标准"})
    kind = ma.fields.String(metadata={"example": "produce"})
    kind_zh = ma.fields.String(metadata={"example": "富硒农产品标准"})
    scope = ma.fields.String(metadata={"example": "county"})
    scope_zh = ma.fields.String(metadata={"example": "本县适用"})
    valid_from = ma.fields.String(allow_none=True, metadata=_DAY)
    valid_to = ma.fields.String(allow_none=True, metadata=_DAY)
    in_force = ma.fields.Boolean(metadata={"example": True})
    confidence = ma.fields.String(metadata={"example": "medium"})
    confidence_zh = ma.fields.String(metadata={"example": "据二手资料,待核对"})
    note_zh = ma.fields.String(metadata={"example": ""})
    tables = ma.fields.List(ma.fields.Nested(StandardTableView))


class StandardList(ma.Schema):
    """All standards; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(StandardView))
    next = ma.fields.String(allow_none=True)


class StandardCheckQuery(ma.Schema):
    """A content to be judged."""

    value = ma.fields.String(required=True, validate=_MG, metadata={"example": "0.012"})
    unit = ma.fields.String(
        load_default="mg/kg", validate=validate.OneOf(list(standard_check.PER_UNIT_UG)), metadata={"example": "mg/kg"}
    )
    group = _group()
    item_zh = ma.fields.String(load_default="", validate=validate.Length(0, 20), metadata={"example": "大蒜"})
    basis = _basis(load_default="fresh")
    moisture_permille = ma.fields.Integer(
        load_default=None,
        validate=validate.Range(0, 999),
        metadata={"description": "水分,千分之", "example": 920},
    )
    organic_permille = ma.fields.Integer(
        load_default=None,
        validate=validate.Range(0, 1000),
        metadata={"description": "有机硒占比,千分之", "example": 700},
    )
    day = ma.fields.Date(load_default=None, metadata={"example": "2026-11-20"})


class VerdictView(ma.Schema):
    """What one standard says."""

    standard = ma.fields.String(metadata=_ID)
    number = ma.fields.String(metadata=_NUMBER)
    day = ma.fields.String(metadata={"example": "2026-11-20"})
    outcome = ma.fields.String(validate=validate.OneOf(list(standard_check.OUTCOME_ZH)), metadata={"example": "pass"})
    outcome_zh = ma.fields.String(metadata={"example": "符合"})
    reason = ma.fields.String(metadata={"example": "unread"})
    reason_zh = ma.fields.String(metadata={"example": "尚未取得该标准的指标,不能判定"})
    table_from = ma.fields.String(allow_none=True, metadata={"example": "2026-07-01"})
    confidence = ma.fields.String(metadata={"example": "medium"})
    row = ma.fields.Nested(StandardRowView)


class StandardCheckView(ma.Schema):
    """A content in one unit, and what all standards say of it."""

    mg_per_kg = ma.fields.String(metadata={"example": "0.012"})
    items = ma.fields.List(ma.fields.Nested(VerdictView))
    next = ma.fields.String(allow_none=True)
