"""Shapes of exports of orders."""

import marshmallow as ma
from marshmallow import validate

_DAY = {"example": "2026-11-24"}
_PLACE = {"example": "museum"}


class OrderExportQuery(ma.Schema):
    """The orders of which place and day."""

    place = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_PLACE)
    day = ma.fields.Date(required=True, metadata=_DAY)


class OrderExportBody(OrderExportQuery):
    """What is to be exported, and why."""

    reason = ma.fields.String(
        required=True,
        validate=validate.And(
            validate.Length(1, 200), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
        ),
        metadata={"example": "应急演练需要当日全部预约名单。"},
    )


class OrderExportView(ma.Schema):
    """Whether the export may be fetched at once, or which proposal waits for a second person."""

    approval_needed = ma.fields.Boolean(metadata={"description": "false 表示行数不多,可直接下载"})
    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    rows = ma.fields.Integer(metadata={"example": 412})
