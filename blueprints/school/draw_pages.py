"""The pages of a round for any browser: where it stands, the check of a lot, the list of names."""

from typing import Any

from flask import Response, request

from backend.errors import NotFound
from backend.http import pages as public_pages
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from models.school import draw_forms as schemas
from models.school import draw_views, name_list
from models.school import round as rounds

LIMIT, LIST_LIMIT = 600, 60
"""Requests of one address in a minute, and those of them for the list of names: enough to read it, not to copy it."""

pages = Surface("school pages", __name__, url_prefix="/school", description="招生批次网页", template_folder="templates")


@pages.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"school-page:{request.remote_addr}", per_minute=LIMIT)


@pages.after_request
def not_kept(answer: Response) -> Response:
    """Let nobody keep an answer, and tell no other host a pseudonym that stands in the address."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


@pages.get("/<round_code>", access=ANYONE)
@pages.response(200, content_type="text/html")
def round_page(round_code: str) -> Response:
    """Where a round stands: dates, files with digests, the source and moment of the seed, and the seed."""
    one = draw_views.of_public(round_code)
    return public_pages.page("school_round.html", one=one, names=name_list.open_now(round_code))


@pages.get("/<round_code>/lots", access=ANYONE)
@pages.arguments(schemas.SchoolLotsQuery, location="query")
@pages.alt_response(404, content_type="text/html")
@pages.response(200, content_type="text/html")
def lots_page(query: dict[str, str], round_code: str) -> Response:
    """The check of a lot: the number computed again, its place among all, the outcome at each choice, the cut-offs."""
    found = rounds.public(round_code)
    typed = "".join(query["pseudonym"].split()).upper()
    one = _lot(round_code, typed) if typed else None
    told = {"round": round_code, "name": found["name"], "typed": typed[:16], "published": bool(found.get("draw"))}
    answer = public_pages.page("school_lots.html", told=told, one=one)
    answer.status_code = 404 if typed and one is None else 200
    return answer


@pages.get("/<round_code>/list", access=ANYONE)
@pages.arguments(schemas.SchoolNamesQuery, location="query")
@pages.response(200, content_type="text/html")
def list_page(query: dict[str, str], round_code: str) -> Response:
    """Who got a place: masked names by tier, in an order that no file has, for a dated time."""
    guard(f"school-names:{request.remote_addr}", per_minute=LIST_LIMIT)
    return public_pages.page("school_list.html", one=name_list.page(round_code, query.get("cursor")))


def _lot(round_code: str, typed: str) -> dict[str, Any] | None:
    try:
        return draw_views.of_pseudonym(round_code, typed)
    except NotFound:
        return None
