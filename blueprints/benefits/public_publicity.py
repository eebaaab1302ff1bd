"""Publicity (公示): what anybody may see of a batch, for seven working days and no longer."""

from typing import Any

from flask import Response, request

from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.benefits import schemas
from models.benefits import publicity

LIMIT = 120
"""Requests of one address in a minute: enough to read a list, not to copy all of them."""

public_benefits = Surface(
    "public benefits", __name__, url_prefix="/public/v1/benefits", description="惠民惠农资金发放公示"
)


@public_benefits.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"benefits:{request.remote_addr}", per_minute=LIMIT)


@public_benefits.after_request
def no_index(answer: Response) -> Response:
    """Keep the lists out of search engines and caches: they end with their time."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@public_benefits.get("/publicity", access=ANYONE)
@public_benefits.arguments(schemas.BenefitPageQuery, location="query")
@public_benefits.answer(200, schemas.BenefitPublicBatchList)
def list_public(query: dict[str, Any]) -> dict[str, Any]:
    """The batches that are public, what ends first at the top."""
    items, following = publicity.listed(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@public_benefits.get("/publicity/<batch_id>", access=ANYONE)
@public_benefits.arguments(schemas.BenefitPageQuery, location="query")
@public_benefits.answer(200, schemas.BenefitPublicLineList)
def read_public(query: dict[str, Any], batch_id: str) -> dict[str, Any]:
    """The list of a public batch: masked names, villages, amounts."""
    found = publicity.read(object_ids.read(batch_id))
    items, following = publicity.lines(found, cursor=query.get("cursor"), limit=query["limit"])
    return {"batch": publicity.brief(found), "items": items, "next": following}
