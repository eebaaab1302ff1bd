"""What the managers of the cards look at: reported deaths, and what the card centre says otherwise."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.onecard import card_schemas as schemas
from models.onecard import card_death, card_difference, card_views
from models.onecard.card_views import PURPOSE

work = Surface("office card work", __name__, url_prefix="/office/v1", description="一卡通:死亡信息核实与差异核对")
DEATHS = staff("card.deaths", PURPOSE)


@work.get("/card-deaths", access=DEATHS)
@work.arguments(schemas.CardDeathQuery, location="query")
@work.answer(200, schemas.CardDeathList)
def list_deaths(query: dict[str, Any]) -> dict[str, Any]:
    """Reported deaths, newest first; the cards are frozen until one decides."""
    return card_views.deaths(g.actor, query["state"], cursor=query.get("cursor"), limit=query["limit"])


@work.post("/card-deaths/<report_id>/confirm", access=DEATHS)
@work.answer(200, schemas.CardDeathDecision)
def confirm(report_id: str) -> dict[str, Any]:
    """Confirm a death: the card is cancelled. Repeating it changes nothing."""
    return card_views.death_line(card_death.confirm(g.actor, object_ids.read(report_id)))


@work.post("/card-deaths/<report_id>/reject", access=DEATHS)
@work.answer(200, schemas.CardDeathDecision)
def reject(report_id: str) -> dict[str, Any]:
    """Reject a wrong entry: the card comes back as it was. Repeating it changes nothing."""
    return card_views.death_line(card_death.reject(g.actor, object_ids.read(report_id)))


@work.get("/card-differences", access=staff("card.freeze", PURPOSE))
@work.arguments(schemas.CardDifferenceQuery, location="query")
@work.answer(200, schemas.CardDifferenceList)
def list_differences(query: dict[str, Any]) -> dict[str, Any]:
    """What the card centre says otherwise than we, newest first."""
    return card_views.differences(g.actor, query["state"], cursor=query.get("cursor"), limit=query["limit"])


@work.post("/card-differences/<difference_id>/settle", access=staff("card.freeze", PURPOSE))
@work.arguments(schemas.CardDifferenceBody)
@work.answer(200, schemas.CardDifferenceDecision)
def settle(body: dict[str, str], difference_id: str) -> dict[str, Any]:
    """Tell the centre once more, or leave it at ours; repeating it changes nothing."""
    found = card_difference.settle(g.actor, object_ids.read(difference_id), body["outcome"])
    return card_views.difference_line(found)
