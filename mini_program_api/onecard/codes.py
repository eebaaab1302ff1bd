"""Codes on the phone: seeds to draw them by, and the clock to draw them at the right moment."""

from datetime import UTC, datetime
from typing import Any

from flask import g, request

from backend import clock
from backend.http.access import ANYONE, resident
from backend.http.idempotency import HEADER, PARAMETER, key_and_body
from backend.http.limits import guard, strictly
from backend.http.surface import Surface
from mini_program_api.onecard import code_schemas, seed_package
from models.onecard import draw

codes = Surface("card codes", __name__, url_prefix="/mini/v1", description="一卡通:凭证与校时")
SEEDS_LIMIT = "30/day"
TIME_LIMIT = 600


@codes.post("/card/seeds", access=resident("verified"), parameters=[PARAMETER])
@codes.answer(201, code_schemas.SeedPackageView)
def draw_seeds() -> dict[str, Any]:
    """Draw the seeds of this phone; those of another phone end. Kept nowhere: the same key derives them again."""
    key_and_body()
    strictly(SEEDS_LIMIT, "card-seeds", str(g.actor.account_id))
    return seed_package.shown(draw.own(g.actor, request.headers[HEADER]))


@codes.get("/server-time", access=ANYONE)
@codes.answer(200, code_schemas.ServerTimeView)
def server_time() -> dict[str, Any]:
    """The server's clock, so that a phone can draw codes with a wrong one."""
    guard(f"time:{request.remote_addr}", per_minute=TIME_LIMIT)
    milliseconds = int(clock.timestamp() * 1000)
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return {
        "server_time": clock.civil(moment).isoformat(timespec="milliseconds"),
        "server_unix_ms": milliseconds,
    }
