"""Shapes of broken glasses."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.approval_schemas import REASON
from blueprints.identity.schemas import StaffPageQuery
from models.identity import break_glass, break_glass_views

_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_ID = {"example": "673ec0a5c0ffee0123456789"}


class GlassBody(ma.Schema):
    """What is opened in an emergency: a person's records or one order."""

    person_id = ma.fields.String(validate=validate.Length(1, 64), metadata=_ID)
    order_id = ma.fields.String(validate=validate.Length(1, 64), metadata=_ID)
    emergency = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(break_glass.EMERGENCIES)), metadata={"example": "lost_person"}
    )
    reason = ma.fields.String(required=True, validate=REASON, metadata={"example": "景区走失儿童,需联系监护人"})

    @ma.validates_schema
    def one_of_both(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Exactly one record is named."""
        if ("person_id" in data) == ("order_id" in data):
            raise ma.ValidationError("请填写 person_id 或 order_id 其中一项。", "person_id")


class GlassQuery(StaffPageQuery):
    """Which broken glasses."""

    state = ma.fields.String(
        load_default="open", validate=validate.OneOf(tuple(break_glass_views.STATE_ZH)), metadata={"example": "open"}
    )


class GlassReviewBody(ma.Schema):
    """The judgement."""

    justified = ma.fields.Boolean(required=True, metadata={"example": True})
    note = ma.fields.String(required=True, validate=REASON, metadata={"example": "已核实走失警情,查看必要"})


class GlassView(ma.Schema):
    """A broken glass."""

    id = ma.fields.String(metadata=_ID)
    state = ma.fields.String(validate=validate.OneOf(tuple(break_glass_views.STATE_ZH)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "待复核"})
    emergency = ma.fields.String(
        validate=validate.OneOf(tuple(break_glass.EMERGENCIES)), metadata={"example": "lost_person"}
    )
    emergency_zh = ma.fields.String(metadata={"example": "人员走失"})
    person_id = ma.fields.String(metadata=_ID)
    order_id = ma.fields.String(metadata=_ID)
    unit = ma.fields.String(metadata={"example": "changzhengyuan"})
    reason = ma.fields.String(metadata={"example": "景区走失儿童,需联系监护人"})
    opened_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    opened_at = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata={"description": "可查看至", **_TIME})
    review_by = ma.fields.String(metadata={"description": "三个工作日内复核", **_TIME})
    overdue = ma.fields.Boolean(metadata={"example": False})
    reviewed_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    reviewed_at = ma.fields.String(metadata=_TIME)
    justified = ma.fields.Boolean(metadata={"example": True})
    note = ma.fields.String(metadata={"example": "已核实走失警情,查看必要"})


class GlassList(ma.Schema):
    """A page of broken glasses."""

    items = ma.fields.List(ma.fields.Nested(GlassView))
    next = ma.fields.String(allow_none=True)
