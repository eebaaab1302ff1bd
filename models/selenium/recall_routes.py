"""Recalls of one's own lots, asked for over HTTP: the same for natural persons and for organisations."""

from typing import Any

from backend.http.downloads import attachment
from backend.http.route_set import Caller, RouteSet
from backend.sheets import writing
from models.selenium import recall, recall_draw, recall_report, recall_return, recall_start
from models.selenium import recall_forms as schemas
from models.selenium import recall_views as views
from models.selenium.grower_forms import PageQuery
from models.selenium.producer import acting

ROUTES = RouteSet()
CHANGE = ("owner", "manager")
"""Which members draw, start, withdraw and close a recall; reading it and telling what came back is anybody's."""


@ROUTES.get("/lots/<lot_no>/reach", query=schemas.RecallReachQuery, answers=schemas.RecallReachView)
def preview(caller: Caller, query: dict[str, Any], lot_no: str) -> dict[str, Any]:
    """What a recall of one's own lot would reach; nothing is written."""
    grower = acting(caller.actor)
    drawn = recall_draw.own_preview(grower, lot_no, query["direction"], query["most"])
    return views.preview(drawn, grower.producer_id)


@ROUTES.post("/recalls", takes=schemas.RecallBody, answers=schemas.RecallView, status=201, once=True, roles=CHANGE)
def draw(caller: Caller, body: dict[str, str]) -> dict[str, Any]:
    """Draw a recall of one's own lot; nothing happens until it is started."""
    return views.shown(recall_draw.by_grower(acting(caller.actor), recall_draw.Wish(**body)))


@ROUTES.get("/recalls", query=PageQuery, answers=schemas.RecallList)
def list_recalls(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """The recalls of one's own lots, newest first."""
    items, following = views.own(acting(caller.actor), cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@ROUTES.get("/recalls/<recall_no>", answers=schemas.RecallView)
def read_recall(caller: Caller, recall_no: str) -> dict[str, Any]:
    """One recall with its figures and how far it has come."""
    return views.shown(recall.own(acting(caller.actor), recall_no))


@ROUTES.get("/recalls/<recall_no>/items", query=schemas.RecallItemQuery, answers=schemas.RecallItemList)
def list_items(caller: Caller, query: dict[str, Any], recall_no: str) -> dict[str, Any]:
    """What a recall reaches: lots, packs, boxes, who received some."""
    grower = acting(caller.actor)
    told = {"cursor": query.get("cursor"), "limit": query["limit"], "reader": grower.producer_id}
    items, following = views.items(recall.own(grower, recall_no), query.get("kind"), **told)
    return {"items": items, "next": following}


@ROUTES.post("/recalls/<recall_no>/start", answers=schemas.RecallView, status=202, roles=CHANGE)
def start(caller: Caller, recall_no: str) -> dict[str, Any]:
    """Start the recall of one's own lot."""
    return views.shown(recall_start.start(acting(caller.actor), recall_no))


@ROUTES.post("/recalls/<recall_no>/withdraw", answers=schemas.RecallView, roles=CHANGE)
def withdraw(caller: Caller, recall_no: str) -> dict[str, Any]:
    """Take a drawn recall back."""
    return views.shown(recall_start.withdraw(acting(caller.actor), recall_no))


@ROUTES.post(
    "/recalls/<recall_no>/returns", takes=schemas.RecallReturnBody, answers=schemas.RecallView, status=201, once=True
)
def report_return(caller: Caller, body: dict[str, Any], recall_no: str) -> dict[str, Any]:
    """Register what came back from a buyer, or was destroyed there."""
    recall_return.report(acting(caller.actor), recall_no, recall_return.Told(**body))
    return views.shown(recall.read(recall_no))


@ROUTES.get("/recalls/<recall_no>/returns", answers=schemas.RecallReturnList)
def list_returns(caller: Caller, recall_no: str) -> dict[str, Any]:
    """What came back of a recall."""
    return {"items": views.returns_shown(recall.own(acting(caller.actor), recall_no)), "next": None}


@ROUTES.post("/recalls/<recall_no>/close", takes=schemas.RecallCloseBody, answers=schemas.RecallView, roles=CHANGE)
def close(caller: Caller, body: dict[str, str], recall_no: str) -> dict[str, Any]:
    """Close one's own recall: everything came back or was destroyed, or the reason why not is told."""
    return views.shown(recall_return.close(acting(caller.actor), recall_no, body.get("short", "")))


@ROUTES.get("/recalls/<recall_no>/report.xlsx", file=writing.MEDIA_TYPE)
def fetch_sheet(caller: Caller, recall_no: str) -> Any:
    """The report as a sheet."""
    grower = acting(caller.actor)
    data = recall_report.sheet(recall.own(grower, recall_no), grower.producer_id)
    return attachment(data, name=f"召回报告{recall_no}.xlsx", media_type=writing.MEDIA_TYPE)


@ROUTES.get("/recalls/<recall_no>/report.pdf", file="application/pdf")
def fetch_paper(caller: Caller, recall_no: str) -> Any:
    """The report as PDF."""
    grower = acting(caller.actor)
    data = recall_report.paper(recall.own(grower, recall_no), grower.producer_id)
    return attachment(data, name=f"召回报告{recall_no}.pdf", media_type="application/pdf")
