"""Shapes of the audit."""

from datetime import UTC, datetime

import marshmallow as ma
from marshmallow import validate

_TIME = {"example": "2026-11-23T09:30:00.123+08:00"}
_KEY = r"^[a-z]+:[A-Za-z0-9_.-]{1,64}\Z"
_WORD = r"^[a-z][a-z0-9_.]{0,63}\Z"
_YEARS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _instant(name: str) -> ma.fields.AwareDateTime:
    return ma.fields.AwareDateTime(
        format="iso", data_key=name, validate=validate.Range(*_YEARS), metadata={"example": "2026-11-23T00:00:00+08:00"}
    )


class AuditPageQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class AuditSearchQuery(AuditPageQuery):
    """From an instant to before another, at one unit.

    Where several conditions meet, a page may be shorter than asked for, even empty; the list ends where `next` is null.
    """

    cursor = ma.fields.String(load_default=None, validate=validate.Length(1, 512))
    since = _instant("from")
    until = _instant("to")
    unit = ma.fields.String(validate=validate.Regexp(_WORD), metadata={"example": "long_march_museum"})


class AuditEntryQuery(AuditSearchQuery):
    """Entries of one actor, of one action, about one object."""

    actor = ma.fields.String(validate=validate.Regexp(_KEY), metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    object = ma.fields.String(validate=validate.Regexp(_KEY), metadata={"example": "slot:museum-20261124-0900"})
    action = ma.fields.String(validate=validate.Regexp(_WORD), metadata={"example": "slot.close"})


class AuditEntryView(ma.Schema):
    """Who did what to which object."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    at = ma.fields.String(metadata=_TIME)
    actor = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    action = ma.fields.String(metadata={"example": "slot.close"})
    object = ma.fields.String(metadata={"example": "slot:museum-20261124-0900"})
    unit = ma.fields.String(metadata={"example": "long_march_museum"})
    details = ma.fields.Dict(metadata={"example": {"days": 30}})
    request_id = ma.fields.String(metadata={"example": "5f3c1d6a9b20c4e1"})


class AuditEntryList(ma.Schema):
    """A page of entries, newest first."""

    items = ma.fields.List(ma.fields.Nested(AuditEntryView))
    next = ma.fields.String(allow_none=True)


class AccessLineQuery(AuditSearchQuery):
    """Lines of one reader, about one person, for one purpose."""

    who = ma.fields.String(validate=validate.Regexp(_KEY), metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    subject = ma.fields.String(
        validate=validate.Regexp(r"^[0-9a-f]{24}\Z"),
        metadata={"description": "人员编号", "example": "673ec0a5c0ffee0123456789"},
    )
    purpose = ma.fields.String(validate=validate.Regexp(_WORD), metadata={"example": "booking_service"})


class AccessLineView(ma.Schema):
    """Who saw which fields of whom, and why."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    at = ma.fields.String(metadata=_TIME)
    who = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    unit = ma.fields.String(metadata={"example": "long_march_museum"})
    purpose = ma.fields.String(metadata={"example": "booking_service"})
    case = ma.fields.String(metadata={"description": "办件编号,有则给出", "example": "12345-20261123-0001"})
    subjects = ma.fields.List(ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"}))
    # Named by attribute: a schema's own `fields` would hide it.
    field_names = ma.fields.List(
        ma.fields.String(metadata={"example": "visitors.name"}), attribute="fields", data_key="fields"
    )
    request_id = ma.fields.String(metadata={"example": "5f3c1d6a9b20c4e1"})


class AccessLineList(ma.Schema):
    """A page of lines, newest first."""

    items = ma.fields.List(ma.fields.Nested(AccessLineView))
    next = ma.fields.String(allow_none=True)
