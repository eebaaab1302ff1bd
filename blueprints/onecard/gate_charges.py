"""Tills: taking an amount by a payment code."""

from typing import Any

import marshmallow as ma
from flask import g
from marshmallow import validate

from backend.errors import NotAllowed
from backend.http.access import device
from backend.http.surface import Surface
from models.onecard import charge

charges = Surface("gate charges", __name__, url_prefix="/gate/v1", description="终端:付款码收款")
MOST_FEN = 100_000_000
"""Bounds the form; how much a wallet may hold is dated data (`ledger_limit`)."""


class NoTill(NotAllowed):
    """403: this scanner takes no money."""

    code = "not_a_till"
    zh = "只有登记为收银类别的终端可以收款,请检查终端登记的类别。"
    en = "Only tills take money. Check the class of this scanner."


class ChargeBody(ma.Schema):
    """The text that the till read, and the amount."""

    code = ma.fields.String(
        required=True,
        validate=validate.Length(1, 600),
        metadata={"example": "8L86H06%I8WO8PNDHP4B1DK0IX5-K9D8V:9O5BJ4YDX0RCR9M*C"},
    )

    amount_fen = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, MOST_FEN), metadata={"example": 1250}
    )


class ChargeView(ma.Schema):
    """What the till shows."""

    result = ma.fields.String(metadata={"example": "accepted"})
    message = ma.fields.String(metadata={"example": "收款成功,12.50 元。"})
    amount_fen = ma.fields.Integer(metadata={"example": 1250})
    transfer = ma.fields.String(metadata={"example": "charge:till-museum-01:0f3c9a"})


@charges.post("/charges", access=device())
@charges.arguments(ChargeBody)
@charges.answer(200, ChargeView)
def take(body: dict[str, Any]) -> dict[str, Any]:
    """Take an amount from the wallet of a payment code's holder. A repeated request is the same charge."""
    if g.actor.scanner_class != "payment":
        raise NoTill
    told = vars(charge.take(g.actor, body["code"], body["amount_fen"]))
    return {name: value for name, value in told.items() if value}
