"""Shapes of the journal as staff see it."""

import marshmallow as ma
from marshmallow import validate

from models.devices import conflict, journal

_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_ID = {"description": "终端编号和流水号", "example": "gate-museum-01:b2f1c0ffee0123456789"}
_DECISION = validate.OneOf(tuple(conflict.DECISION_ZH), labels=tuple(conflict.DECISION_ZH.values()))


class PageQuery(ma.Schema):
    """Which page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class EntryQuery(PageQuery):
    """Entries in which state."""

    state = ma.fields.String(
        load_default="unsettled", validate=validate.OneOf(tuple(journal.STATE_ZH)), metadata={"example": "unsettled"}
    )


class DoubtfulQuery(PageQuery):
    """Entries doubtful for which reason."""

    flag = ma.fields.String(
        load_default="late", validate=validate.OneOf(tuple(journal.FLAG_ZH)), metadata={"example": "late"}
    )


class ConflictQuery(PageQuery):
    """Conflicts in which state."""

    state = ma.fields.String(
        load_default="open", validate=validate.OneOf(tuple(conflict.STATE_ZH)), metadata={"example": "open"}
    )


class _Where(ma.Schema):
    id = ma.fields.String(metadata=_ID)
    device = ma.fields.String(metadata={"example": "gate-museum-01"})
    place_id = ma.fields.String(metadata={"example": "museum"})
    unit = ma.fields.String(metadata={"example": "changzhengyuan"})
    reason = ma.fields.String(metadata={"example": "used_twice"})
    reason_zh = ma.fields.String(metadata={"example": "同一张票两次入园"})


class EntryView(_Where):
    """One decision of a scanner; `at` is its time corrected by the offset of its clock."""

    code_kind = ma.fields.String(metadata={"example": "ticket"})
    decision = ma.fields.String(metadata={"example": "admitted"})
    gate_reason = ma.fields.String(metadata={"example": ""})
    zone = ma.fields.String(metadata={"example": ""})
    direction = ma.fields.String(metadata={"example": "in"})
    ticket = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789-0"})
    at = ma.fields.String(metadata=_TIME)
    told_at = ma.fields.String(metadata=_TIME)
    received_at = ma.fields.String(metadata=_TIME)
    offset_seconds = ma.fields.Integer(metadata={"example": 0})
    flags = ma.fields.List(ma.fields.String(metadata={"example": "late"}))
    state = ma.fields.String(metadata={"example": "unsettled"})
    state_zh = ma.fields.String(metadata={"example": "待接入"})


class EntryList(ma.Schema):
    """A page of the journal."""

    items = ma.fields.List(ma.fields.Nested(EntryView))
    next = ma.fields.String(allow_none=True)


class ConflictView(_Where):
    """What does not agree; `details` hold both scans, or the money that went back."""

    code_kind = ma.fields.String(metadata={"example": "ticket"})
    ticket = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789-0"})
    happened_zh = ma.fields.String(
        metadata={"example": "11-23 10:05 西门(离线)放行;此前 11-23 09:50 东门(离线)已放行,以较早的一次为准。"}
    )
    details = ma.fields.Dict(metadata={"example": {"counts": "other", "refund_fen": 0}})
    at = ma.fields.String(metadata=_TIME)
    opened_at = ma.fields.String(metadata=_TIME)
    state = ma.fields.String(metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "待处理"})
    decision = ma.fields.String(validate=_DECISION, metadata={"example": "collected"})
    decision_zh = ma.fields.String(metadata={"example": "已补收票款"})
    note = ma.fields.String(metadata={"example": "已电话核实, 补收票款"})
    settled_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    settled_at = ma.fields.String(metadata=_TIME)


class ConflictList(ma.Schema):
    """A page of conflicts."""

    items = ma.fields.List(ma.fields.Nested(ConflictView))
    next = ma.fields.String(allow_none=True)


class SettleBody(ma.Schema):
    """What was made of it, and what was done."""

    decision = ma.fields.String(load_default="noted", validate=_DECISION, metadata={"example": "collected"})

    note = ma.fields.String(
        required=True,
        validate=validate.And(
            validate.Length(1, 300), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
        ),
        metadata={"example": "已电话核实, 补收票款"},
    )


class QuarantineView(_Where):
    """What could not be read, and which part of it."""

    received_at = ma.fields.String(metadata=_TIME)


class QuarantineList(ma.Schema):
    """A page of the quarantine."""

    items = ma.fields.List(ma.fields.Nested(QuarantineView))
    next = ma.fields.String(allow_none=True)
