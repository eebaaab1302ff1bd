"""The records of production, asked for over HTTP: the same for natural persons and for organisations."""

from typing import Any

from bson import ObjectId

from backend.http.downloads import attachment
from backend.http.route_set import Caller, RouteSet
from backend.sheets import writing
from backend.store import object_ids
from models.selenium import correcting, grower_views, growing, record
from models.selenium import record_forms as schemas
from models.selenium import record_views as views
from models.selenium.harvesting import Harvest
from models.selenium.producer import acting

ROUTES = RouteSet()


@ROUTES.post("/lots", takes=schemas.HarvestBody, answers=schemas.LotView, status=201, once=True)
def bring_in(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Record a harvest: it makes a lot."""
    told = body | {"plots": _ids(body["plots"])}
    return grower_views.lot_shown(growing.bring_in(acting(caller.actor), Harvest(**told), caller.key))


@ROUTES.post("/inputs", takes=schemas.InputBody, answers=schemas.WarnedRecordView, status=201, once=True)
def put_on(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Record an input on plots; the answer warns of harvests that were too early after a pesticide."""
    wrong = ObjectId(body.pop("replaces")) if "replaces" in body else None
    told = growing.Input(**body | {"plots": _ids(body["plots"])})
    return views.warned(growing.put_on(acting(caller.actor), told, replaces=wrong, key=caller.key))


@ROUTES.post("/samplings", takes=schemas.SamplingBody, answers=schemas.ProductionRecordView, status=201, once=True)
def sample(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Record a sample that one took of a lot oneself."""
    return views.shown(growing.sample(acting(caller.actor), growing.Sampling(**body), caller.key))


@ROUTES.post("/gradings", takes=schemas.GradingBody, answers=schemas.GradingView, status=201, once=True)
def sort_out(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Record a grading: lots become lots of a grade."""
    taken: dict[str, int] = {}
    for one in body["taken"]:
        taken[one["lot"]] = taken.get(one["lot"], 0) + one["grams"]
    into = [(one["grade"], one["grams"]) for one in body["into"]]
    return views.graded(growing.sort_out(acting(caller.actor), taken, into, body["day"], caller.key))


@ROUTES.post(
    "/lots/<lot_no>/sales", takes=schemas.SaleBody, answers=schemas.ProductionRecordView, status=201, once=True
)
def sell_loose(caller: Caller, body: dict[str, Any], lot_no: str) -> dict[str, Any]:
    """Record that loose produce of a lot was sold."""
    buyer = ObjectId(body["buyer"]) if "buyer" in body else None
    told = growing.Sale(lot_no, body["grams"], body["day"], buyer)
    return views.shown(growing.sell(acting(caller.actor), told, caller.key))


@ROUTES.get("/records", query=schemas.RecordQuery, answers=schemas.ProductionRecordList)
def list_records(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's own records of production, newest day first."""
    items, following = views.records(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.get("/records/<record_id>", answers=schemas.WarnedRecordView)
def read_record(caller: Caller, record_id: str) -> dict[str, Any]:
    """One of one's records."""
    return views.warned(record.own(acting(caller.actor), object_ids.read(record_id)))


@ROUTES.post("/records/<record_id>/withdraw", answers=schemas.ProductionRecordView)
def withdraw(caller: Caller, record_id: str) -> dict[str, Any]:
    """Withdraw a record that was wrong, and undo what it did where that can be undone."""
    return views.shown(correcting.withdraw(acting(caller.actor), object_ids.read(record_id)))


@ROUTES.get("/record-sheet", query=schemas.SheetQuery, file=writing.MEDIA_TYPE)
def fetch_sheet(caller: Caller, query: dict[str, str]) -> Any:
    """The records of a season, or of one lot with all from which it came, as a workbook."""
    data = views.sheet(acting(caller.actor), season=query.get("season", ""), lot_no=query.get("lot", ""))
    name = query.get("lot") or query.get("season", "")
    return attachment(data, name=f"生产记录{name}.xlsx", media_type=writing.MEDIA_TYPE)


def _ids(told: list[str]) -> tuple[ObjectId, ...]:
    return tuple(ObjectId(one) for one in told)
