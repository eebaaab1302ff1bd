"""Buyers, boxes and shipments, asked for over HTTP: the same for natural persons and for organisations."""

from typing import Any

from bson import ObjectId

from backend.http.downloads import attachment
from backend.http.route_set import Caller, RouteSet
from backend.store import object_ids
from models.selenium import box, boxing, buyer, shipment, shipping
from models.selenium import trade_forms as schemas
from models.selenium import trade_views as views
from models.selenium.grower_forms import PageQuery
from models.selenium.producer import acting

ROUTES = RouteSet()
PDF = "application/pdf"


@ROUTES.get("/buyers", query=PageQuery, answers=schemas.BuyerList)
def list_buyers(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's own address book of buyers, oldest first."""
    items, following = views.buyers(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.post("/buyers", takes=schemas.BuyerBody, answers=schemas.BuyerView, status=201, once=True)
def add_buyer(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Add a buyer to the address book."""
    return views.buyer_shown(buyer.add(acting(caller.actor), buyer.Told(**body), caller.key))


@ROUTES.get("/buyers/<buyer_id>", answers=schemas.BuyerView)
def read_buyer(caller: Caller, buyer_id: str) -> dict[str, Any]:
    """One of one's buyers, with the whole phone number."""
    return views.buyer_shown(buyer.own(acting(caller.actor), object_ids.read(buyer_id)))


@ROUTES.put("/buyers/<buyer_id>", takes=schemas.BuyerBody, answers=schemas.BuyerView)
def change_buyer(caller: Caller, body: dict[str, Any], buyer_id: str) -> dict[str, Any]:
    """Write a line of the address book anew."""
    found = buyer.change(acting(caller.actor), object_ids.read(buyer_id), buyer.Told(**body))
    return views.buyer_shown(found)


@ROUTES.delete("/buyers/<buyer_id>")
def remove_buyer(caller: Caller, buyer_id: str) -> None:
    """Take a buyer out of the address book."""
    buyer.remove(acting(caller.actor), object_ids.read(buyer_id))


@ROUTES.get("/boxes", query=PageQuery, answers=schemas.BoxList)
def list_boxes(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's own boxes, newest first."""
    items, following = views.boxes(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.post("/boxes", takes=schemas.BoxBody, answers=schemas.BoxView, status=201, once=True)
def fill_box(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Put packages into a box, by number or by their labels."""
    return views.box_shown(boxing.fill(acting(caller.actor), body["packs"], body["day"], caller.key))


@ROUTES.get("/boxes/<box_no>", answers=schemas.BoxView)
def read_box(caller: Caller, box_no: str) -> dict[str, Any]:
    """One of one's boxes, with what is in it."""
    return views.box_shown(box.own(acting(caller.actor), box_no))


@ROUTES.post("/boxes/<box_no>/open", answers=schemas.BoxView)
def open_box(caller: Caller, box_no: str) -> dict[str, Any]:
    """Take everything out of a box that is not shipped."""
    return views.box_shown(boxing.open_again(acting(caller.actor), box_no))


@ROUTES.get("/shipments", query=PageQuery, answers=schemas.ShipmentList)
def list_shipments(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's own shipments, newest first."""
    items, following = views.shipments(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.post("/shipments", takes=schemas.ShipmentBody, answers=schemas.ShipmentView, status=201, once=True)
def ship(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Let boxes, packages and loose produce leave for a buyer."""
    wanted = shipping.Wanted(**body | {"buyer": ObjectId(body["buyer"])})
    return views.shipment_shown(shipping.send(acting(caller.actor), wanted, caller.key))


@ROUTES.get("/shipments/<shipment_no>", answers=schemas.ShipmentView)
def read_shipment(caller: Caller, shipment_no: str) -> dict[str, Any]:
    """One of one's shipments."""
    return views.shipment_shown(shipment.own(acting(caller.actor), shipment_no))


@ROUTES.post("/shipments/<shipment_no>/receive", answers=schemas.ShipmentView)
def receive(caller: Caller, shipment_no: str) -> dict[str, Any]:
    """Note that the buyer told of the arrival."""
    return views.shipment_shown(shipping.receive(acting(caller.actor), shipment_no))


@ROUTES.get("/shipments/<shipment_no>/note.pdf", file=PDF)
def fetch_note(caller: Caller, shipment_no: str) -> Any:
    """The delivery note of a shipment."""
    grower = acting(caller.actor)
    data = views.note(grower, shipment.own(grower, shipment_no))
    return attachment(data, name=f"送货单{shipment_no}.pdf", media_type=PDF)
