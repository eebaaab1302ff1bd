"""What growers ask for: quota, rolls of labels, packs; the same for natural persons and for organisations."""

from typing import Any

from bson import ObjectId

from backend import clock
from backend.http.downloads import attachment, streamed
from backend.http.route_set import Caller, RouteSet
from models.selenium import buyer, code_quota, code_views, pack, product, roll, roll_labels, seasons, unbound
from models.selenium import code_forms as schemas
from models.selenium.producer import acting

ROUTES = RouteSet()


@ROUTES.get("/quota", query=schemas.QuotaQuery, answers=schemas.QuotaView)
def read_quota(caller: Caller, query: dict[str, str]) -> dict[str, Any]:
    """How many grams of a product one may still order codes for."""
    found = product.read(query["product"])
    season = seasons.require(found, query.get("season") or seasons.of(found, clock.today()))
    return code_quota.shown(acting(caller.actor).producer_id, found["_id"], season)


@ROUTES.post("/rolls", takes=schemas.RollBody, answers=schemas.RollWhole, status=202, once=True)
def order_roll(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Order labels with codes; they are made in the background."""
    told = body | {"item": ObjectId(body["item"])}
    return code_views.whole(roll.order(acting(caller.actor), roll.Wanted(**told)))


@ROUTES.get("/rolls", query=schemas.PageQuery, answers=schemas.RollList)
def list_rolls(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's own rolls, newest first."""
    items, following = code_views.rolls(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.get("/rolls/<roll_no>", answers=schemas.RollWhole)
def read_roll(caller: Caller, roll_no: str) -> dict[str, Any]:
    """One of one's rolls, with progress and packs."""
    return code_views.whole(roll.own(acting(caller.actor), roll_no))


@ROUTES.get("/rolls/<roll_no>/labels.zip", file="application/zip")
def fetch_labels(caller: Caller, roll_no: str) -> Any:
    """All sheets of a roll with list and manifest."""
    found = roll.finished(roll.own(acting(caller.actor), roll_no))
    return streamed(roll_labels.archive(found), name=f"标签{roll_no}.zip", media_type="application/zip")


@ROUTES.get("/rolls/<roll_no>/sheets/<number>.pdf", file="application/pdf")
def fetch_sheet(caller: Caller, roll_no: str, number: str) -> Any:
    """One file of sheets of a roll, counted from 1."""
    data = roll_labels.sheet(roll.own(acting(caller.actor), roll_no), number)
    return attachment(data, name=f"标签{roll_no}-{number}.pdf", media_type="application/pdf")


@ROUTES.post("/rolls/<roll_no>/packs", takes=schemas.PackBody, answers=schemas.PackView, status=201, once=True)
def bind(caller: Caller, body: dict[str, Any], roll_no: str) -> dict[str, Any]:
    """Bind labels of a roll to the lot that is in the packages."""
    return code_views.pack_shown(pack.bind(acting(caller.actor), roll_no, body["lot"], body["first"], body["last"]))


@ROUTES.post("/rolls/<roll_no>/void-labels", takes=schemas.UnboundVoidBody, answers=schemas.RollWhole)
def void_labels(caller: Caller, body: dict[str, Any], roll_no: str) -> dict[str, Any]:
    """Say that unbound labels were destroyed or are lost; the quota gets their weight back."""
    told = body["first"], body["last"], body["reason"]
    return code_views.whole(unbound.void(acting(caller.actor), roll_no, *told))


@ROUTES.post("/rolls/<roll_no>/lost", answers=schemas.RollWhole)
def report_lost(caller: Caller, roll_no: str) -> dict[str, Any]:
    """Say that a roll is lost: its unbound labels are frozen."""
    return code_views.whole(unbound.report_lost(acting(caller.actor), roll_no))


@ROUTES.post("/packs/<pack_no>/activate", answers=schemas.PackView)
def activate(caller: Caller, pack_no: str) -> dict[str, Any]:
    """Let buyers find the packages genuine."""
    return code_views.pack_shown(pack.activate(acting(caller.actor), pack_no))


@ROUTES.post("/packs/<pack_no>/sell", takes=schemas.PackSaleBody, answers=schemas.PackView)
def sell(caller: Caller, body: dict[str, str], pack_no: str) -> dict[str, Any]:
    """Say that the packages were sold."""
    grower = acting(caller.actor)
    pack.own(grower, pack_no)
    to = buyer.named(grower, ObjectId(body["buyer"])) if "buyer" in body else None
    return code_views.pack_shown(pack.sell(grower, pack_no, to))


@ROUTES.post("/packs/<pack_no>/void", answers=schemas.PackView)
def void(caller: Caller, pack_no: str) -> dict[str, Any]:
    """Say that the labels were destroyed before they were on the market."""
    return code_views.pack_shown(pack.void(acting(caller.actor), pack_no))
