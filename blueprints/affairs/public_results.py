"""For anybody: whether a result paper is genuine and still counts, as page and as JSON."""

from typing import Any

from flask import Response, request

from backend.http import pages
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from models.affairs import result_code
from models.affairs.matter_forms import ResultCheck

LIMIT, WRONG_LIMIT = 240, 60
"""Requests of one address in a minute, and those of them with a code that is none: many phones share an address."""

results = Surface("result papers", __name__, url_prefix="", description="结果文书核验", template_folder="templates")


@results.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"result:{request.remote_addr}", per_minute=LIMIT)


@results.after_request
def not_kept(answer: Response) -> Response:
    """Let nobody keep an answer: an appeal may take a decision back at any time; and tell no other host the code."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@results.get("/r/<code>", access=ANYONE)
@results.response(200, content_type="text/html")
def check_page(code: str) -> Response:
    """Whether the paper behind a code counts, of which unit, with the masked name."""
    return pages.page("result.html", one=_look(code))


@results.get("/public/v1/results/<code>", access=ANYONE)
@results.answer(200, ResultCheck)
def check(code: str) -> dict[str, Any]:
    """The same for programs."""
    return _look(code)


def _look(code: str) -> dict[str, Any]:
    told = result_code.look(code)
    if told["state"] == "unknown":
        guard(f"result-wrong:{request.remote_addr}", per_minute=WRONG_LIMIT)
    return told
