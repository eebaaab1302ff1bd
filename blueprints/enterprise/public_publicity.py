"""Publicity (公示): which firms are to be paid how much, for the days of the list and no longer."""

from typing import Any

from flask import Response, request

from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.enterprise import payout_schemas as schemas
from blueprints.enterprise.policy_schemas import PolicyQuery
from models.enterprise import publicity

LIMIT = 120
"""Requests of one address in a minute: enough to read a list, not to copy all of them."""

lists = Surface("public enterprise", __name__, url_prefix="/public/v1/enterprise", description="惠企资金公示")


@lists.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"enterprise:{request.remote_addr}", per_minute=LIMIT)


@lists.after_request
def no_index(answer: Response) -> Response:
    """Keep the lists out of search engines and caches: they end with their time."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@lists.get("/publicities", access=ANYONE)
@lists.arguments(PolicyQuery, location="query")
@lists.answer(200, schemas.FirmPublicityList)
def list_public(query: dict[str, Any]) -> dict[str, Any]:
    """The lists that are public, what ends first at the top."""
    items, following = publicity.public(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [publicity.brief(one) for one in items], "next": following}


@lists.get("/publicities/<publicity_id>", access=ANYONE)
@lists.arguments(PolicyQuery, location="query")
@lists.answer(200, schemas.FirmPublicLineList)
def read_public(query: dict[str, Any], publicity_id: str) -> dict[str, Any]:
    """A public list: firms and amounts."""
    found = publicity.read_public(object_ids.read(publicity_id))
    items, following = publicity.lines(found["_id"], cursor=query.get("cursor"), limit=query["limit"])
    return {"publicity": publicity.brief(found), "items": items, "next": following}
