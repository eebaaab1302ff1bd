"""Bus validators: one code, one ride."""

from typing import Any

from flask import g

from backend.errors import NotAllowed
from backend.http.access import device
from backend.http.surface import Surface
from blueprints.transit import schemas
from models.transit import ride

rides = Surface("gate rides", __name__, url_prefix="/gate/v1", description="终端:公交乘车")


class NoValidator(NotAllowed):
    """403: this scanner does not take fares."""

    code = "not_a_validator"
    zh = "只有公交车载终端可以扣收车费,请检查终端登记的类别。"
    en = "Only bus validators take fares. Check the class of this scanner."


@rides.post("/rides", access=device())
@rides.arguments(schemas.BoardBody)
@rides.answer(200, schemas.BoardView)
def board(body: dict[str, str]) -> dict[str, Any]:
    """Let the holder of a transit code ride. The nonce of the signature makes a repeated request the same ride."""
    if g.actor.scanner_class != "transit":
        raise NoValidator
    told = vars(ride.board(g.actor, body["code"]))
    return {name: value for name, value in told.items() if value or name == "fare_fen"}
