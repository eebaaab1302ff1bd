"""What growers ask for: producer, plots, trade items, lots; the same for natural persons and for organisations."""

from typing import Any

from backend.http.route_set import Caller, RouteSet
from backend.store import object_ids
from models.selenium import grower_forms as schemas
from models.selenium import grower_views, lot, plot, producer, trade_item
from models.selenium.producer import Grower, acting

ROUTES = RouteSet()


@ROUTES.get("/products", answers=schemas.ProductList)
def list_products(_caller: Caller) -> dict[str, Any]:
    """The county's products, with the ceiling of the yield where the office has set one."""
    return {"items": grower_views.products(), "next": None}


@ROUTES.post(
    "/producer",
    takes=schemas.ProducerBody,
    answers=schemas.ProducerView,
    status=201,
    once=True,
    roles=("owner", "manager"),
)
def register(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Register oneself as a producer."""
    made = producer.register(caller.actor, body["village"], phone=body["phone"], show_name=body["show_name"])
    return grower_views.producer_shown(made)


@ROUTES.get("/producer", answers=schemas.ProducerView)
def read_producer(caller: Caller) -> dict[str, Any]:
    """The producer that one is."""
    found = producer.own(caller.actor)
    if found is None:
        raise producer.ProducerNeeded
    return grower_views.producer_shown(found)


@ROUTES.put("/producer", takes=schemas.ProducerChangeBody, answers=schemas.ProducerView, roles=("owner", "manager"))
def change_producer(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Change village, phone, and whether the public reads the masked name."""
    told = {"phone": body.get("phone"), "show_name": body.get("show_name")}
    return grower_views.producer_shown(producer.change(caller.actor, village_code=body.get("village"), **told))


@ROUTES.get("/plots", query=schemas.PageQuery, answers=schemas.PlotList)
def list_plots(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's own plots, oldest first."""
    items, following = grower_views.plots(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.post("/plots", takes=schemas.PlotBody, answers=schemas.PlotView, status=201, once=True)
def declare_plot(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Register a plot; the agricultural office of the town confirms it."""
    return grower_views.plot_shown(plot.declare(acting(caller.actor), _plot(body)))


@ROUTES.get("/plots/<plot_id>", answers=schemas.PlotView)
def read_plot(caller: Caller, plot_id: str) -> dict[str, Any]:
    """One of one's plots."""
    return grower_views.plot_shown(plot.own(acting(caller.actor), object_ids.read(plot_id)))


@ROUTES.put("/plots/<plot_id>", takes=schemas.PlotBody, answers=schemas.PlotView)
def change_plot(caller: Caller, body: dict[str, Any], plot_id: str) -> dict[str, Any]:
    """Change a plot; another place, area or product is confirmed again."""
    return grower_views.plot_shown(plot.change(acting(caller.actor), object_ids.read(plot_id), _plot(body)))


@ROUTES.delete("/plots/<plot_id>")
def end_plot(caller: Caller, plot_id: str) -> None:
    """Give a plot up."""
    plot.end(acting(caller.actor), object_ids.read(plot_id))


@ROUTES.get("/trade-items", query=schemas.PageQuery, answers=schemas.TradeItemList)
def list_trade_items(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """What one's packages are, oldest first."""
    items, following = grower_views.trade_items(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.post("/trade-items", takes=schemas.TradeItemBody, answers=schemas.TradeItemView, status=201, once=True)
def create_trade_item(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Say what a package is: product, net weight, and its GTIN where there is one."""
    return grower_views.trade_item_shown(trade_item.create(acting(caller.actor), trade_item.Told(**body)))


@ROUTES.delete("/trade-items/<item_id>")
def retire_trade_item(caller: Caller, item_id: str) -> None:
    """End a trade item: no codes are issued for it any more."""
    trade_item.retire(acting(caller.actor), object_ids.read(item_id))


@ROUTES.get("/lots", query=schemas.PageQuery, answers=schemas.LotList)
def list_lots(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's own lots, newest first."""
    items, following = grower_views.lots(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.get("/lots/<lot_no>", answers=schemas.LotView)
def read_lot(caller: Caller, lot_no: str) -> dict[str, Any]:
    """One of one's lots."""
    return grower_views.lot_shown(lot.own(acting(caller.actor), lot_no))


@ROUTES.post("/lots/<lot_no>/close", answers=schemas.LotView)
def close_lot(caller: Caller, lot_no: str) -> dict[str, Any]:
    """Close a lot of which nothing more is packed or sold."""
    grower: Grower = acting(caller.actor)
    lot.own(grower, lot_no)
    return grower_views.lot_shown(lot.close(lot_no, by=grower.actor_key))


def _plot(body: dict[str, Any]) -> plot.Told:
    return plot.Told(body["name"], body["village"], plot.square_metres(body["area_mu"]), tuple(body["products"]))
