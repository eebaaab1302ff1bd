"""For anybody: whether an admission notice is genuine, and the figures of a published round."""

from typing import Any

from flask import Response, request

from backend.http import pages
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from blueprints.school import offer_schemas as schemas
from models.school import notice_code, statistics

LIMIT, WRONG_LIMIT = 240, 60
"""Requests of one address in a minute, and those of them with a code that is none: many phones share an address."""

notices = Surface(
    "admission notices", __name__, url_prefix="", description="入学通知书核验页", template_folder="templates"
)
figures = Surface("public school figures", __name__, url_prefix="/public/v1/school", description="招生数据公开")


@notices.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"notice:{request.remote_addr}", per_minute=LIMIT)


@notices.after_request
def not_kept(answer: Response) -> Response:
    """Let nobody keep an answer: a place may be given up at any time; and tell no other host the code."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@notices.get("/n/<code>", access=ANYONE)
@notices.response(200, content_type="text/html")
def check_notice(code: str) -> Response:
    """Whether the notice behind a code counts, of which school, with the masked name."""
    told = notice_code.look(code)
    if told["state"] == "unknown":
        guard(f"notice-wrong:{request.remote_addr}", per_minute=WRONG_LIMIT)
    return pages.page("notice.html", one=told)


@figures.get("/rounds/<round_code>/figures", access=ANYONE)
@figures.answer(200, schemas.RoundFiguresView)
def read_figures(round_code: str) -> dict[str, Any]:
    """The figures of a published round; small numbers are hidden."""
    guard(f"school-figures:{request.remote_addr}", per_minute=LIMIT)
    return statistics.public(round_code)
