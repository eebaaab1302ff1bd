"""Printed cards, at the counter."""

from base64 import b64encode
from typing import Any

from flask import g, request

from backend import clock
from backend.codes import id1_picture
from backend.http.access import staff
from backend.http.idempotency import HEADER, PARAMETER, key_and_body
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from blueprints.onecard import code_schemas
from models.onecard import print_card
from models.onecard.print_card import Printed

printing = Surface("office printed cards", __name__, url_prefix="/office/v1", description="窗口:打印卡")


@printing.post(
    "/cards/<card_id>/printed",
    access=staff("card.print", "card_service"),
    parameters=[PARAMETER, SESSION_PARAMETER],
)
@printing.answer(201, code_schemas.PrintedCardView)
def print_one(card_id: str) -> dict[str, Any]:
    """Print the card of the person who stands here; the one printed before is void from this moment.

    Kept nowhere: the same key derives the same text again.
    """
    key_and_body()
    wanted = object_ids.read(card_id)
    made = print_card.printed(
        g.actor, standing_here(print_card.owner(wanted), scope="card"), wanted, request.headers[HEADER]
    )
    return {
        "credential_id": str(made.credential["_id"]),
        "generation": made.credential["generation"],
        "last_day": made.credential["last_day"],
        "text": made.text,
        "picture": b64encode(id1_picture.png(made.text, _lines(made))).decode(),
    }


def _lines(made: Printed) -> list[tuple[str, int]]:
    """Return what stands beside the code; the card names nobody, so that a found one tells nothing."""
    day = clock.date_of(made.credential["last_day"])
    return [
        ("一卡通", 96),
        ("打印卡", 64),
        ("看病 乘车 入馆", 48),
        (f"第 {made.credential['generation']} 张", 40),
        ("有效期至", 40),
        (f"{day.year}年{day.month}月{day.day}日", 44),
        ("遗失请打 12345", 44),
    ]
