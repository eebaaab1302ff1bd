"""Shapes of refunds beyond the rule."""

import marshmallow as ma
from marshmallow import validate

MOST_FEN = 10_000_000


class RefundProposalBody(ma.Schema):
    """How much of which order goes back, and why."""

    order_id = ma.fields.String(
        required=True, validate=validate.Length(1, 64), metadata={"example": "673ec0a5c0ffee0123456789"}
    )
    fen = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, MOST_FEN), metadata={"example": 6000}
    )
    reason = ma.fields.String(
        required=True,
        validate=validate.And(
            validate.Length(1, 300), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]")
        ),
        metadata={"example": "景区当日停电,经协商全额退款"},
    )
