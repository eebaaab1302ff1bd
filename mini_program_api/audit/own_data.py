"""Who looked at my data, and all that is held about me."""

from typing import Any

from flask import Response, g

from backend.http.access import resident
from backend.http.limits import strictly
from backend.http.surface import Surface
from mini_program_api.audit import schemas
from mini_program_api.identity.session import ACTING_PARAMETER
from models.identity import looked_views, own_data

own = Surface("own data", __name__, url_prefix="/mini/v1", description="谁看过我的信息、我的全部信息")
EXPORT_LIMIT = "6/hour"


@own.get("/access-lines", access=resident("matched", scope="affairs"), parameters=[ACTING_PARAMETER])
@own.arguments(schemas.OwnDataPageQuery, location="query")
@own.answer(200, schemas.LookList)
def list_looks(query: dict[str, Any]) -> dict[str, Any]:
    """Who looked at my data, or at theirs in whose affairs I act, when and why, in words."""
    items, following = looked_views.mine(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@own.get("/my-data", access=resident())
@own.answer(200, schemas.HoldingList)
def list_holdings() -> dict[str, Any]:
    """Every kind of data that may be held about me, and what closing the account does to it."""
    return {"items": own_data.overview(), "next": None}


@own.get("/my-data/export", access=resident())
@own.response(200, content_type="application/x-ndjson")
def export() -> Response:
    """All my data, one record a line, opened."""
    strictly(EXPORT_LIMIT, "own-data-export", str(g.actor.account_id))
    answer = Response(own_data.stream(own_data.scope_of(g.actor)), mimetype="application/x-ndjson")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.jsonl"'
    return answer


@own.get("/my-data/<collection>", access=resident())
@own.arguments(schemas.OwnDataPageQuery, location="query")
@own.answer(200, schemas.RecordList)
def list_records(query: dict[str, Any], collection: str) -> dict[str, Any]:
    """What one collection holds about me."""
    scope = own_data.scope_of(g.actor)
    items, following = own_data.page(scope, collection, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}
