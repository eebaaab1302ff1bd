"""How full the places are, for anybody: as JSON, with history, and as a page for any browser."""

from typing import Any

from flask import Response, request

from backend import clock
from backend.http import pages
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from blueprints.crowd import page as live_page
from blueprints.crowd import schemas
from models.booking import next_free_views
from models.crowd import history_views, live_views
from models.crowd.spot import Spot

LIMIT = 1200
"""Requests of one address in a minute: a page that refreshes by itself needs two, and where it is crowded hundreds of
phones look from behind one address of their mobile network."""
TITLE = "景区客流实况"

public_crowd = Surface(
    "public crowd",
    __name__,
    url_prefix="/public/v1/crowd",
    description="景区客流实况",
    template_folder="templates",
)


@public_crowd.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"crowd:{request.remote_addr}", per_minute=LIMIT)


@public_crowd.after_request
def not_kept(answer: Response) -> Response:
    """Let nobody keep an answer: it is of now."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


@public_crowd.get("", access=ANYONE)
@public_crowd.answer(200, schemas.CrowdPublicList)
def list_public() -> dict[str, Any]:
    """All places that are counted."""
    return {"items": live_views.public(), "next": None}


@public_crowd.get("/page", access=ANYONE)
@public_crowd.response(200, content_type="text/html")
def read_page() -> Response:
    """The same as a page, with the next slot that is free at each place."""
    found = live_views.public()
    shown = found[: live_page.MOST]
    free = next_free_views.next_free([one["place_id"] for one in shown])
    return pages.page(
        "crowd.html",
        title=TITLE,
        at=clock.civil(clock.now()),
        seconds=live_page.REFRESH_SECONDS,
        shown=live_page.told(shown, free),
        more=len(found) > len(shown),
        legend=live_page.LEGEND,
    )


@public_crowd.get("/<place_id>", access=ANYONE)
@public_crowd.arguments(schemas.CrowdHistoryQuery, location="query")
@public_crowd.answer(200, schemas.CrowdHistoryView)
def read_public(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """One place now, and how it was by hour or by day."""
    found = live_views.read(place_id)
    first, last = history_views.default_span(query["by"], query.get("first"), query.get("last"))
    look = history_views.hours if query["by"] == "hour" else history_views.days
    return {**found, "history": look(Spot(place_id, query["zone"]), first, last)}
