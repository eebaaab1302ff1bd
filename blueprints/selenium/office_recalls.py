"""Recalls in the hands of the agricultural offices: what would be reached, starting by two persons, what came back."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.sheets import writing
from models.selenium import recall, recall_draw, recall_report, recall_return, recall_start
from models.selenium import recall_forms as schemas
from models.selenium import recall_views as views
from models.selenium.grower_forms import PageQuery
from models.selenium.office_views import PURPOSE

recalls = Surface("office recalls", __name__, url_prefix="/office/v1", description="富硒农产品:召回")
READ, START, REPORT = (staff(f"recall.{one}", PURPOSE) for one in ("read", "start", "report"))


@recalls.get("/lots/<lot_no>/reach", access=READ)
@recalls.arguments(schemas.RecallReachQuery, location="query")
@recalls.answer(200, schemas.RecallReachView)
def preview(query: dict[str, Any], lot_no: str) -> dict[str, Any]:
    """What a recall of a lot would reach; nothing is written."""
    return views.office_preview(g.actor, recall_draw.preview(g.actor, lot_no, query["direction"], query["most"]))


@recalls.post("/recalls", access=START, parameters=[PARAMETER])
@idempotent
@recalls.arguments(schemas.RecallBody)
@recalls.answer(201, schemas.RecallView)
def draw(body: dict[str, str]) -> dict[str, Any]:
    """Draw a recall; it is started by two persons."""
    return views.office_shown(g.actor, recall_draw.by_office(g.actor, recall_draw.Wish(**body)))


@recalls.get("/recalls", access=READ)
@recalls.arguments(PageQuery, location="query")
@recalls.answer(200, schemas.RecallList)
def list_recalls(query: dict[str, Any]) -> dict[str, Any]:
    """The recalls of lots in one's area, by village."""
    items, following = views.office(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@recalls.get("/recalls/<recall_no>", access=READ)
@recalls.answer(200, schemas.RecallView)
def read_recall(recall_no: str) -> dict[str, Any]:
    """One recall with its figures and how far it has come."""
    return views.office_shown(g.actor, recall.in_reach(g.actor, "recall.read", recall_no))


@recalls.get("/recalls/<recall_no>/items", access=READ)
@recalls.arguments(schemas.RecallItemQuery, location="query")
@recalls.answer(200, schemas.RecallItemList)
def list_items(query: dict[str, Any], recall_no: str) -> dict[str, Any]:
    """What a recall reaches: lots, packs, boxes, who received some."""
    found = recall.in_reach(g.actor, "recall.read", recall_no)
    told = {"cursor": query.get("cursor"), "limit": query["limit"]}
    items, following = views.office_items(g.actor, found, query.get("kind"), **told)
    return {"items": items, "next": following}


@recalls.post("/recalls/<recall_no>/start", access=START, parameters=[PARAMETER])
@idempotent
@recalls.arguments(schemas.RecallStartBody)
@recalls.answer(202, schemas.RecallView)
def start(body: dict[str, str], recall_no: str) -> dict[str, Any]:
    """Propose to start a drawn recall; it starts when a second person approves (/office/v1/approvals)."""
    return views.office_shown(g.actor, recall_start.propose(g.actor, recall_no, reason=body["reason"]))


@recalls.post("/recalls/<recall_no>/withdraw", access=START)
@recalls.answer(200, schemas.RecallView)
def withdraw(recall_no: str) -> dict[str, Any]:
    """Take a drawn recall back."""
    return views.office_shown(g.actor, recall_start.withdraw(g.actor, recall_no))


@recalls.get("/recalls/<recall_no>/notices", access=READ)
@recalls.arguments(PageQuery, location="query")
@recalls.answer(200, schemas.RecallReceiptList)
def list_notices(query: dict[str, Any], recall_no: str) -> dict[str, Any]:
    """The notices to who received the goods, with their receipts."""
    found = recall.in_reach(g.actor, "recall.read", recall_no)
    items, following = views.receipts(g.actor, found, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@recalls.post("/recalls/<recall_no>/returns", access=REPORT, parameters=[PARAMETER])
@idempotent
@recalls.arguments(schemas.RecallReturnBody)
@recalls.answer(201, schemas.RecallView)
def report_return(body: dict[str, Any], recall_no: str) -> dict[str, Any]:
    """Register what came back from a buyer, or was destroyed there."""
    recall_return.report(g.actor, recall_no, recall_return.Told(**body))
    return views.office_shown(g.actor, recall.read(recall_no))


@recalls.get("/recalls/<recall_no>/returns", access=READ)
@recalls.answer(200, schemas.RecallReturnList)
def list_returns(recall_no: str) -> dict[str, Any]:
    """What came back of a recall."""
    return {"items": views.returns_shown(recall.in_reach(g.actor, "recall.read", recall_no)), "next": None}


@recalls.post("/recalls/<recall_no>/close", access=REPORT)
@recalls.arguments(schemas.RecallCloseBody)
@recalls.answer(200, schemas.RecallView)
def close(body: dict[str, str], recall_no: str) -> dict[str, Any]:
    """Close a recall: everything came back or was destroyed, or the reason why not is told."""
    return views.office_shown(g.actor, recall_return.close(g.actor, recall_no, body.get("short", "")))


@recalls.get("/recalls/<recall_no>/report.xlsx", access=READ)
@recalls.response(200, content_type=writing.MEDIA_TYPE)
def fetch_sheet(recall_no: str) -> Response:
    """The report as a sheet."""
    found = views.office_report(g.actor, recall.in_reach(g.actor, "recall.read", recall_no))
    return attachment(recall_report.sheet(found), name=f"召回报告{recall_no}.xlsx", media_type=writing.MEDIA_TYPE)


@recalls.get("/recalls/<recall_no>/report.pdf", access=READ)
@recalls.response(200, content_type="application/pdf")
def fetch_paper(recall_no: str) -> Response:
    """The report as PDF."""
    found = views.office_report(g.actor, recall.in_reach(g.actor, "recall.read", recall_no))
    return attachment(recall_report.paper(found), name=f"召回报告{recall_no}.pdf", media_type="application/pdf")
