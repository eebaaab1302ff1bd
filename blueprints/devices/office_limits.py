"""How long and how much scanners may accept without network: set by staff from a coming day on."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.devices import limit_schemas as schemas
from models.devices import offline_limit

limits = Surface("office offline limits", __name__, url_prefix="/office/v1/offline-limits", description="终端离线上限")


@limits.get("", access=staff("device.list"))
@limits.arguments(schemas.LimitQuery, location="query")
@limits.answer(200, schemas.LimitList)
def list_limits(query: dict[str, Any]) -> dict[str, Any]:
    """The figures of a scanner class, the latest day first."""
    window = {"cursor": query.get("cursor"), "limit": query["limit"]}
    items, following = offline_limit.listed(g.actor, query["scanner_class"], **window)
    return {"items": items, "next": following}


@limits.post("", access=staff("device.register"), parameters=[PARAMETER])
@idempotent
@limits.arguments(schemas.LimitBody)
@limits.answer(201, schemas.LimitView)
def put(body: dict[str, Any]) -> dict[str, Any]:
    """Set the figures of a scanner class from a coming day on."""
    figures = {name: body[name] for name in offline_limit.FIGURES}
    return offline_limit.put(g.actor, body["scanner_class"], body["valid_from"], figures, source=body["source"])
