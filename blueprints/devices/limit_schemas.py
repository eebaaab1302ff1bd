"""Shapes of the offline limits."""

import marshmallow as ma
from marshmallow import validate

from blueprints.devices.journal_schemas import PageQuery
from models.identity.device import CODE_READERS
from models.onecard import code_use

_CLASS = validate.OneOf(CODE_READERS)
_MOST_LATE_HOURS = int(code_use.KEPT.total_seconds() // 3600)
"""Nobody can tell a code that was used twice once the uses are forgotten."""
_CLASS_EXAMPLE = {"description": "终端类别", "example": "venue"}


class LimitQuery(PageQuery):
    """The figures of which class."""

    scanner_class = ma.fields.String(required=True, validate=_CLASS, metadata=_CLASS_EXAMPLE)


class LimitBody(ma.Schema):
    """Figures of a class from a day on, with the document that they come from."""

    scanner_class = ma.fields.String(required=True, validate=_CLASS, metadata=_CLASS_EXAMPLE)
    valid_from = ma.fields.Date(required=True, metadata={"example": "2027-01-01"})
    max_offline_hours = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 168), metadata={"example": 24}
    )
    max_accepted = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 100_000), metadata={"example": 20000}
    )
    max_accepted_per_handle = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 1000), metadata={"example": 4}
    )
    accept_late_hours = ma.fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, _MOST_LATE_HOURS),
        metadata={"description": "流水补传期限", "example": 168},
    )
    source = ma.fields.String(
        required=True,
        validate=validate.And(
            validate.Length(1, 200), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
        ),
        metadata={"description": "依据文件", "example": "县人社局关于终端离线使用的通知(2026 年)"},
    )


class LimitView(ma.Schema):
    """The figures of a class from a day on."""

    scanner_class = ma.fields.String(metadata=_CLASS_EXAMPLE)
    valid_from = ma.fields.String(metadata={"example": "2027-01-01"})
    max_offline_hours = ma.fields.Integer(metadata={"example": 24})
    max_accepted = ma.fields.Integer(metadata={"example": 20000})
    max_accepted_per_handle = ma.fields.Integer(metadata={"example": 4})
    accept_late_hours = ma.fields.Integer(metadata={"example": 168})
    source = ma.fields.String(metadata={"example": "平台初定值, 待核定"})


class LimitList(ma.Schema):
    """A page of figures."""

    items = ma.fields.List(ma.fields.Nested(LimitView))
    next = ma.fields.String(allow_none=True)
