"""Producers, plots and lots in the hands of the agricultural offices, each within its area."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.selenium import schemas
from models.selenium import grower_forms, lot_office, office_views, plot, producer
from models.selenium.office_views import PURPOSE

growers = Surface("office growers", __name__, url_prefix="/office/v1", description="富硒农产品:生产主体、地块和批次")


@growers.get("/producers", access=staff("producer.read", PURPOSE))
@growers.arguments(grower_forms.PageQuery, location="query")
@growers.answer(200, schemas.OfficeProducerList)
def list_producers(query: dict[str, Any]) -> dict[str, Any]:
    """The producers in one's area, by village."""
    items, following = office_views.producers(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@growers.get("/producers/<producer_id>", access=staff("producer.read", PURPOSE))
@growers.answer(200, schemas.OfficeProducerView)
def read_producer(producer_id: str) -> dict[str, Any]:
    """One producer."""
    return office_views.one_producer(g.actor, object_ids.read(producer_id))


@growers.post("/producers/<producer_id>/suspend", access=staff("producer.suspend", PURPOSE))
@growers.arguments(schemas.ProducerSuspendBody)
@growers.answer(200, schemas.OfficeProducerView)
def suspend(body: dict[str, str], producer_id: str) -> dict[str, Any]:
    """Suspend a producer: nothing is registered, harvested or coded in its name."""
    found = producer.suspend(g.actor, object_ids.read(producer_id), body["reason"])
    return office_views.producer_shown(g.actor, found)


@growers.post("/producers/<producer_id>/resume", access=staff("producer.suspend", PURPOSE))
@growers.answer(200, schemas.OfficeProducerView)
def resume(producer_id: str) -> dict[str, Any]:
    """End a suspension."""
    return office_views.producer_shown(g.actor, producer.resume(g.actor, object_ids.read(producer_id)))


@growers.get("/plots", access=staff("plot.read", PURPOSE))
@growers.arguments(schemas.PlotQuery, location="query")
@growers.answer(200, schemas.OfficePlotList)
def list_plots(query: dict[str, Any]) -> dict[str, Any]:
    """The plots in one's area, by village; those of a state when asked."""
    told = {"state": query.get("state"), "cursor": query.get("cursor"), "limit": query["limit"]}
    items, following = office_views.plots(g.actor, **told)
    return {"items": items, "next": following}


@growers.get("/plots/<plot_id>", access=staff("plot.read", PURPOSE))
@growers.answer(200, schemas.OfficePlotView)
def read_plot(plot_id: str) -> dict[str, Any]:
    """One plot."""
    return office_views.one_plot(g.actor, object_ids.read(plot_id))


@growers.post("/plots/<plot_id>/confirm", access=staff("plot.confirm", PURPOSE))
@growers.arguments(schemas.ConfirmBody)
@growers.answer(200, schemas.OfficePlotView)
def confirm(body: dict[str, Any], plot_id: str) -> dict[str, Any]:
    """Confirm a plot with the area that one found; only that counts for codes."""
    area = plot.square_metres(body["area_mu"])
    return office_views.plot_shown(g.actor, plot.confirm(g.actor, object_ids.read(plot_id), area, body["evidence"]))


@growers.post("/plots/<plot_id>/refuse", access=staff("plot.confirm", PURPOSE))
@growers.arguments(schemas.RefuseBody)
@growers.answer(200, schemas.OfficePlotView)
def refuse(body: dict[str, str], plot_id: str) -> dict[str, Any]:
    """Refuse to confirm a plot, with the reason."""
    return office_views.plot_shown(g.actor, plot.refuse(g.actor, object_ids.read(plot_id), body["reason"]))


@growers.get("/lots", access=staff("lot.read", PURPOSE))
@growers.arguments(grower_forms.PageQuery, location="query")
@growers.answer(200, schemas.OfficeLotList)
def list_lots(query: dict[str, Any]) -> dict[str, Any]:
    """The lots in one's area, by village."""
    items, following = office_views.lots(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@growers.get("/lots/<lot_no>", access=staff("lot.read", PURPOSE))
@growers.answer(200, schemas.OfficeLotView)
def read_lot(lot_no: str) -> dict[str, Any]:
    """One lot."""
    return office_views.lot_shown(g.actor, lot_office.in_reach(g.actor, "lot.read", lot_no))


@growers.post("/lots/<lot_no>/hold", access=staff("lot.hold", PURPOSE))
@growers.arguments(schemas.HoldBody)
@growers.answer(200, schemas.OfficeLotView)
def hold(body: dict[str, str], lot_no: str) -> dict[str, Any]:
    """Hold a lot: it is neither packed nor sold."""
    return office_views.lot_shown(g.actor, lot_office.hold(g.actor, lot_no, body["reason"]))


@growers.post("/lots/<lot_no>/release", access=staff("lot.hold", PURPOSE))
@growers.answer(200, schemas.OfficeLotView)
def release(lot_no: str) -> dict[str, Any]:
    """Release a held lot."""
    return office_views.lot_shown(g.actor, lot_office.release(g.actor, lot_no))
