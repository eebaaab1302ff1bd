"""What an elder without a phone wants hidden, written down by the staff of a unit that cares."""

from typing import Any

from bson import ObjectId
from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.eldercare import schemas, wish_schemas
from models.eldercare import view, wish, wish_views
from models.eldercare.hide import Veil
from models.eldercare.wish import Said

wishes = Surface("office health wishes", __name__, url_prefix="/office/v1/health", description="老人意愿登记")
WRITE = staff(wish.OPERATION, view.PURPOSE)


def _shown(elder: ObjectId, found: dict[str, Any]) -> dict[str, Any]:
    return wish_views.one(view.of_staff(g.actor, elder, wish.OPERATION), found)


@wishes.post("/elders/<elder_id>/wishes", access=WRITE, parameters=[PARAMETER])
@idempotent
@wishes.arguments(wish_schemas.HealthWishBody)
@wishes.answer(201, wish_schemas.HealthWishView)
def record_wish(body: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """Hide what the elder asks to hide, with the signed paper and a witness; the elder hears of it."""
    elder = object_ids.read(elder_id)
    item = object_ids.read(body["item_id"]) if body["item_id"] else None
    veil = Veil(body["word"], item, body["family"], body["units"])
    return _shown(elder, wish.record(g.actor, elder, veil, Said(body["paper"], body["witness"])))


@wishes.get("/elders/<elder_id>/wishes", access=WRITE)
@wishes.arguments(schemas.HealthPageQuery, location="query")
@wishes.answer(200, wish_schemas.HealthWishList)
def list_wishes(query: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """The wishes of an elder that one's units wrote down, the latest first."""
    reader = view.of_staff(g.actor, object_ids.read(elder_id), wish.OPERATION)
    items, following = wish_views.page(reader, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@wishes.post("/elders/<elder_id>/wishes/<wish_id>/lift", access=WRITE)
@wishes.arguments(wish_schemas.HealthSaidBody)
@wishes.answer(200, wish_schemas.HealthWishView)
def lift_wish(body: dict[str, str], elder_id: str, wish_id: str) -> dict[str, Any]:
    """Show again what a wish hides, because the elder says so."""
    elder, said = object_ids.read(elder_id), Said(body["paper"], body["witness"])
    return _shown(elder, wish.lift(g.actor, elder, object_ids.read(wish_id), said))
