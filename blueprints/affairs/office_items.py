"""Service items at their offices: written, tried, proposed, retired; two versions compared."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.affairs import item_schemas as schemas
from models.affairs import service_item, service_item_publish, service_item_views

items = Surface("office items", __name__, url_prefix="/office/v1/service-items", description="政务服务事项")
EDIT, READ = staff("item.edit"), staff("item.read")


@items.get("", access=READ)
@items.arguments(schemas.ItemPageQuery, location="query")
@items.answer(200, schemas.ItemList)
def list_items(query: dict[str, Any]) -> dict[str, Any]:
    """The versions of the items of one's units."""
    found, following = service_item.listed(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [service_item_views.brief(one) for one in found], "next": following}


@items.post("", access=EDIT, parameters=[PARAMETER])
@idempotent
@items.arguments(schemas.NewItemBody)
@items.answer(201, schemas.ItemView)
def draft(body: dict[str, Any]) -> dict[str, Any]:
    """Begin a new item, or the next version of one, as a draft."""
    return service_item_views.shown(service_item.draft(g.actor, body.pop("code"), body))


@items.get("/<item_id>", access=READ)
@items.answer(200, schemas.ItemView)
def read(item_id: str) -> dict[str, Any]:
    """A whole version."""
    return service_item_views.shown(service_item.within(g.actor, "item.read", item_id))


@items.put("/<item_id>", access=EDIT)
@items.arguments(schemas.ItemBody)
@items.answer(200, schemas.ItemView)
def edit(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Replace what a draft says."""
    return service_item_views.shown(service_item.edit(g.actor, item_id, body))


@items.post("/<item_id>/try", access=staff("item.try"))
@items.arguments(schemas.ItemTryBody)
@items.answer(200, schemas.ItemTried)
def try_form(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Try a filled form of a version; nothing is stored."""
    return service_item_views.tried(g.actor, item_id, body["answers"])


@items.get("/<item_id>/difference", access=READ)
@items.arguments(schemas.ItemDifferenceQuery, location="query")
@items.answer(200, schemas.ItemDifference)
def difference(query: dict[str, str], item_id: str) -> dict[str, Any]:
    """What this version changes against another one."""
    return service_item_views.difference(g.actor, query["before"], item_id)


@items.post("/<item_id>/propose", access=EDIT, parameters=[PARAMETER])
@idempotent
@items.arguments(schemas.ItemProposeBody)
@items.answer(200, schemas.ItemView)
def propose(body: dict[str, str], item_id: str) -> dict[str, Any]:
    """Propose a draft; a second person publishes it under /office/v1/approvals."""
    return service_item_views.shown(service_item_publish.propose(g.actor, item_id, body["reason"])[0])


@items.post("/<item_id>/retire", access=EDIT, parameters=[PARAMETER])
@idempotent
@items.answer(200, schemas.ItemView)
def retire(item_id: str) -> dict[str, Any]:
    """Let nobody open further cases of it; running cases go on."""
    return service_item_views.shown(service_item.retire(g.actor, item_id))
