"""Shapes of waiting lists, no-shows and limits as staff see them."""

import marshmallow as ma
from marshmallow import validate

from models.booking import no_show
from models.places import limits_office

_DAY = {"example": "2026-11-24"}
_TIME = {"example": "2026-11-24T09:30:00+08:00"}


class WaitingSpanQuery(ma.Schema):
    """Days from `from` to `to`."""

    first = ma.fields.Date(data_key="from", metadata=_DAY)
    last = ma.fields.Date(data_key="to", metadata=_DAY)


class WaitingLineView(ma.Schema):
    """How many parties wait for a slot, and how many places are kept for them at this moment."""

    slot_id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    day = ma.fields.String(metadata=_DAY)
    start = ma.fields.String(metadata={"example": "09:00"})
    end = ma.fields.String(metadata={"example": "11:00"})
    resource = ma.fields.String(metadata={"example": "hall"})
    state = ma.fields.String(metadata={"example": "open"})
    quota = ma.fields.Integer(metadata={"example": 200})
    left = ma.fields.Integer(metadata={"example": 0})
    kept = ma.fields.Integer(metadata={"example": 1})
    waiting = ma.fields.Integer(metadata={"example": 12})


class WaitingLineList(ma.Schema):
    """The lines of a place."""

    items = ma.fields.List(ma.fields.Nested(WaitingLineView))
    next = ma.fields.String(allow_none=True)


class NoShowQuery(ma.Schema):
    """A day."""

    day = ma.fields.Date(required=True, metadata=_DAY)
    cursor = ma.fields.String(validate=validate.Length(1, 200))


class NoShowView(ma.Schema):
    """A free ticket that nobody used; the id is the ticket's, its order is named before the dash."""

    id = ma.fields.String(metadata={"example": "6921b0c58f1d2a3b4c5d6e7f-0"})
    place_id = ma.fields.String(metadata={"example": "museum"})
    day = ma.fields.String(metadata=_DAY)
    released_at = ma.fields.String(metadata=_TIME)
    state = ma.fields.String(validate=validate.OneOf(tuple(no_show.STATE_ZH)), metadata={"example": "stands"})
    state_zh = ma.fields.String(metadata={"example": "有效"})


class NoShowList(ma.Schema):
    """The no-shows of a place and day."""

    items = ma.fields.List(ma.fields.Nested(NoShowView))
    next = ma.fields.String(allow_none=True)


class NoShowLiftBody(ma.Schema):
    """Why a no-show counts no longer."""

    reason = ma.fields.String(
        required=True,
        validate=validate.And(
            validate.Length(1, 200), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
        ),
        metadata={"example": "当日班车故障,集体迟到"},
    )


class BookingLimitBody(ma.Schema):
    """How often one person may book the place within a period."""

    period = ma.fields.String(
        required=True, validate=validate.OneOf(limits_office.PERIODS), metadata={"example": "month"}
    )
    most = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, limits_office.MOST), metadata={"example": 4}
    )


class BookingLimitsBody(ma.Schema):
    """All limits of a place; with `from_day` they hold for slots that are open from that day on too."""

    limits = ma.fields.List(ma.fields.Nested(BookingLimitBody), required=True, validate=validate.Length(0, 3))
    release_after_minutes = ma.fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(*limits_office.MINUTES),
        metadata={"description": "免费票在时段开始后多少分钟未入园即释放;缺省不释放", "example": 30},
    )
    from_day = ma.fields.Date(load_default=None, allow_none=True, metadata=_DAY)


class BookingLimitView(ma.Schema):
    """A limit as it stands."""

    period = ma.fields.String(metadata={"example": "month"})
    most = ma.fields.Integer(metadata={"example": 4})
    share = ma.fields.String(metadata={"example": "public"})
    within = ma.fields.String(metadata={"example": "sport"})


class BookingLimitsView(ma.Schema):
    """The limits of a place; `slots` is how many open slots changed."""

    limits = ma.fields.List(ma.fields.Nested(BookingLimitView))
    release_after_minutes = ma.fields.Integer(metadata={"example": 30})
    slots = ma.fields.Integer(metadata={"example": 120})


class PreviewQuery(ma.Schema):
    """From which day on open slots would change."""

    from_day = ma.fields.Date(required=True, metadata=_DAY)


class BookingLimitsPreview(ma.Schema):
    """How many open slots would change."""

    slots = ma.fields.Integer(metadata={"example": 120})
