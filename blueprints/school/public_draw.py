"""A draw for anybody: its state, the files byte for byte, and the check of a lot."""

from typing import Any

from flask import Response, request

from backend.http import ranges
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from models.school import draw_forms as schemas
from models.school import draw_views

LIMIT, LOTS_LIMIT = 600, 120
"""Requests of one address in a minute, and those of them that look up a lot: many phones share an address."""

draws = Surface("public school draws", __name__, url_prefix="/public/v1/school", description="入学派位公开信息")


@draws.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"school-draw:{request.remote_addr}", per_minute=LIMIT)


@draws.get("/rounds/<round_code>/draw", access=ANYONE)
@draws.answer(200, schemas.SchoolRoundDrawView)
def read_draw(round_code: str) -> dict[str, Any]:
    """The state of a round's draw, its files with their digests, the source of the seed, and the seed."""
    return draw_views.of_public(round_code)


@draws.get("/rounds/<round_code>/draw/files/<name>", access=ANYONE)
@draws.response(200, content_type="application/octet-stream")
def read_file(round_code: str, name: str) -> Response:
    """A file of the draw, exactly as it was stored; the result only once it is published. `Range` is answered."""
    found = draw_views.handed_out(round_code, name)
    answer = ranges.answer(
        found["read"], size=found["size"], sha256=found["sha256"], media_type=found["media_type"]
    )  # fmt: skip
    answer.headers["Content-Disposition"] = f'attachment; filename="{round_code}-{name}"'
    return answer


@draws.get("/rounds/<round_code>/draw/lot", access=ANYONE)
@draws.arguments(schemas.SchoolPseudonymQuery, location="query")
@draws.answer(200, schemas.SchoolLotView)
def read_lot(query: dict[str, str], round_code: str) -> dict[str, Any]:
    """What the published draw gave a pseudonym: the lot computed again, the cut-offs, and why in words."""
    guard(f"school-lot:{request.remote_addr}", per_minute=LOTS_LIMIT)
    return draw_views.of_pseudonym(round_code, query["pseudonym"])
