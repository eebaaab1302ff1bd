"""Shapes of waiting lists and no-shows."""

import marshmallow as ma
from marshmallow import validate

from mini_program_api.booking.schemas import WishBody
from models.booking import no_show, waiting
from models.booking.checkout import MOST_VISITORS

_ID = {"example": "6921b0c58f1d2a3b4c5d6e7f"}
_TIME = {"example": "2026-11-24T09:00:00+08:00"}


class WaitingBody(ma.Schema):
    """A slot and the whole party: places are offered to all of them together or not at all."""

    slot_id = ma.fields.String(
        required=True, validate=validate.Length(1, 64), metadata={"example": "museum-20261124-0900"}
    )
    visitors = ma.fields.List(ma.fields.Nested(WishBody), required=True, validate=validate.Length(1, MOST_VISITORS))


class WaitingView(ma.Schema):
    """A waiting entry; `position` while it waits, `offered_until` and `order_id` while it has an offer."""

    id = ma.fields.String(metadata=_ID)
    place_id = ma.fields.String(metadata={"example": "museum"})
    place_name = ma.fields.String(metadata={"example": "于都县博物馆"})
    slot_id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    day = ma.fields.String(metadata={"example": "2026-11-24"})
    start = ma.fields.String(metadata=_TIME)
    end = ma.fields.String(metadata=_TIME)
    places = ma.fields.Integer(metadata={"example": 3})
    total_fen = ma.fields.Integer(metadata={"example": 0})
    state = ma.fields.String(validate=validate.OneOf(tuple(waiting.STATE_ZH)), metadata={"example": "waiting"})
    state_zh = ma.fields.String(metadata={"example": "候补中"})
    reason_zh = ma.fields.String(metadata={"example": "您已放弃候补"})
    position = ma.fields.Integer(metadata={"example": 2})
    rule_zh = ma.fields.String(metadata={"example": "候补整单递补:名额够全部游客时按先后顺序通知。"})
    offered_until = ma.fields.String(metadata=_TIME)
    order_id = ma.fields.String(metadata=_ID)
    joined_at = ma.fields.String(metadata=_TIME)


class WaitingList(ma.Schema):
    """A page of waiting entries."""

    items = ma.fields.List(ma.fields.Nested(WaitingView))
    next = ma.fields.String(allow_none=True)


class OwnNoShowView(ma.Schema):
    """A free ticket that one did not use, and whether it counts."""

    id = ma.fields.String(metadata={"example": "6921b0c58f1d2a3b4c5d6e7f-0"})
    place_id = ma.fields.String(metadata={"example": "museum"})
    day = ma.fields.String(metadata={"example": "2026-11-24"})
    released_at = ma.fields.String(metadata=_TIME)
    state = ma.fields.String(validate=validate.OneOf(tuple(no_show.STATE_ZH)), metadata={"example": "stands"})
    state_zh = ma.fields.String(metadata={"example": "有效"})


class OwnNoShowList(ma.Schema):
    """One's no-shows; `limited_until` while one may not book free tickets online."""

    items = ma.fields.List(ma.fields.Nested(OwnNoShowView))
    next = ma.fields.String(allow_none=True)
    limited_until = ma.fields.String(metadata=_TIME)


class NoShowObjectionBody(ma.Schema):
    """Why the no-show should not count."""

    text = ma.fields.String(
        required=True,
        validate=validate.And(
            validate.Length(1, 500), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
        ),
        metadata={"example": "当天已入园,闸机未能识别"},
    )
