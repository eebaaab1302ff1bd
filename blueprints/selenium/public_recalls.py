"""Recalls for everybody: which goods must not be eaten, and what to do with them; as JSON and as a page."""

from typing import Any

from flask import Response, request

from backend.http import pages
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from models.selenium import recall, recall_forms, recall_views
from models.selenium.grower_forms import PageQuery

LIMIT = 240
"""Requests of one address in a minute: many phones share the address of their mobile network."""

recalls = Surface(
    "public recalls",
    __name__,
    url_prefix="/public/v1/selenium",
    description="产品召回公告",
    template_folder="templates",
)


@recalls.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"recalls:{request.remote_addr}", per_minute=LIMIT)


@recalls.after_request
def not_kept(answer: Response) -> Response:
    """Let nobody keep an answer: a recall may begin at any time."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


@recalls.get("/recalls", access=ANYONE)
@recalls.arguments(PageQuery, location="query")
@recalls.answer(200, recall_forms.PublicRecallList)
def list_recalls(query: dict[str, Any]) -> dict[str, Any]:
    """The recalls under way and closed, newest first."""
    items, following = recall_views.public(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@recalls.get("/recalls/page", access=ANYONE)
@recalls.arguments(PageQuery, location="query")
@recalls.response(200, content_type="text/html")
def recalls_page(query: dict[str, Any]) -> Response:
    """The same as a page."""
    items, following = recall_views.public(cursor=query.get("cursor"), limit=query["limit"])
    return pages.page("recalls.html", items=items, following=following)


@recalls.get("/recalls/<number>", access=ANYONE)
@recalls.answer(200, recall_forms.PublicRecallView)
def read_recall(number: str) -> dict[str, Any]:
    """One recall."""
    return recall_views.public_shown(recall.public(number))
