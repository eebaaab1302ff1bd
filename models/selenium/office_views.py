"""What the agricultural offices see in their area: producers, plots, lots, products. An access line before persons."""

from typing import Any

from bson import ObjectId

from backend import clock
from backend.store import paging
from models.audit import access_line
from models.identity.actors import Staff
from models.selenium import grower_views, plot, producer, product, seasons
from models.selenium.lot import Lot
from models.selenium.plot import Plot
from models.selenium.producer import Producer

PURPOSE = "produce_supervision"
OF_PRODUCER = ("producers.village", "producers.phone")
OF_PLOT = ("plots.area",)
Page = tuple[list[dict[str, Any]], str | None]


def producers(actor: Staff, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the producers in the actor's area, by village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("producer.read")
    query = producer.areas(actor, "producer.read") or {"village": {"$gt": ""}}
    found, following = paging.page(Producer._get_collection(), query, sort=("village", 1), cursor=cursor, limit=limit)
    _seen(actor, found, OF_PRODUCER)
    return [_producer(one) for one in found], following


def one_producer(actor: Staff, producer_id: ObjectId) -> dict[str, Any]:
    """Return a producer in the actor's area.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such producer there.
    """
    return producer_shown(actor, producer.in_reach(actor, "producer.read", producer_id))


def producer_shown(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return a producer that was just read or changed."""
    _seen(actor, [found], OF_PRODUCER)
    return _producer(found)


def _producer(found: dict[str, Any]) -> dict[str, Any]:
    told = grower_views.producer_shown(found)
    if organisation_id := found.get("organisation"):
        told["organisation_id"] = str(organisation_id)
    reason = found.get("reason")
    return told | ({"reason": reason, "reason_zh": producer.REASON_ZH[reason]} if reason else {})


def plots(actor: Staff, *, state: str | None, cursor: str | None, limit: int) -> Page:
    """Return a page of the plots in the actor's area, by village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("plot.read")
    states = [state] if state else list(plot.STATE_ZH)
    query = {"state": {"$in": states}} | (producer.areas(actor, "plot.read") or {"village": {"$gt": ""}})
    found, following = paging.page(Plot._get_collection(), query, sort=("village", 1), cursor=cursor, limit=limit)
    return _with_producers(actor, found), following


def one_plot(actor: Staff, plot_id: ObjectId) -> dict[str, Any]:
    """Return a plot in the actor's area.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such plot there.
    """
    return plot_shown(actor, plot.in_reach(actor, "plot.read", plot_id))


def plot_shown(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return a plot that was just read or decided on."""
    (shown,) = _with_producers(actor, [found])
    return shown


def _with_producers(actor: Staff, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    owners = producer.several(list({one["producer"] for one in found}))
    _seen(actor, list(owners.values()), OF_PLOT)
    return [
        grower_views.plot_shown(one)
        | _owner(one, owners)
        | ({"evidence": one["evidence"]} if "evidence" in one else {})
        for one in found
    ]


def _owner(found: dict[str, Any], owners: dict[ObjectId, dict[str, Any]]) -> dict[str, str]:
    owner = owners.get(found["producer"], {})
    return {"producer_id": str(found["producer"]), "producer_name": owner.get("shown_name", "")}


def lots(actor: Staff, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the lots in the actor's area, by village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("lot.read")
    query = producer.areas(actor, "lot.read") or {"village": {"$gt": ""}}
    found, following = paging.page(Lot._get_collection(), query, sort=("village", 1), cursor=cursor, limit=limit)
    owners = producer.several(list({one["producer"] for one in found}))
    _seen(actor, list(owners.values()), ("lots",))
    return [grower_views.lot_shown(one) | _owner(one, owners) for one in found], following


def lot_shown(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return a lot that was just read or changed."""
    owners = producer.several([found["producer"]])
    _seen(actor, list(owners.values()), ("lots",))
    return grower_views.lot_shown(found) | _owner(found, owners)


def _seen(actor: Staff, found: list[dict[str, Any]], fields: tuple[str, ...]) -> None:
    """Record that natural persons were looked at; an organisation's data are public."""
    persons = [one["person"] for one in found if one.get("person")]
    access_line.record(actor, purpose=PURPOSE, subjects=persons, fields=fields)


def products(actor: Staff) -> list[dict[str, Any]]:
    """Return all products with their whole yield tables, retired ones too.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("product.read")
    return [product_shown(one) for one in product.listed(retired=True)]


def product_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a product with its whole yield table and its seasons."""
    rows = [grower_views.ceiling_shown(row) | {"valid_to": row["valid_to"]} for row in found["yields"]]
    rows = [{name: value for name, value in row.items() if value is not None} for row in rows]
    told = {"state": found["state"], "yields": rows, "season": seasons.of(found, clock.today())}
    return grower_views.product_shown(found) | told | {"seasons": found.get("seasons", [])}
