"""Lines of a batch: by hand and by sheet, what the checks found of them, and the list as a workbook."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.sheets import writing
from backend.store import object_ids
from blueprints.benefits import schemas
from blueprints.media import sheet_routes
from models.benefits import batch, clear, collect, line_export, line_sheet, views
from models.benefits.views import PURPOSE

lines = Surface("office benefit lines", __name__, url_prefix="/office/v1/benefits", description="惠民惠农资金发放明细")
sheets = Surface("office benefit sheets", __name__, url_prefix="/office/v1", description="惠民惠农资金名单导入")
sheet_routes.add(sheets, line_sheet.KIND)
READ = staff("benefit.read", PURPOSE)
COLLECT = staff("benefit.collect", PURPOSE)


@lines.get("/batches/<batch_id>/lines", access=READ)
@lines.arguments(schemas.BenefitLineQuery, location="query")
@lines.answer(200, schemas.BenefitLineList)
def list_lines(query: dict[str, Any], batch_id: str) -> dict[str, Any]:
    """The lines of a batch, with masked names."""
    items, following = views.lines(
        g.actor,
        object_ids.read(batch_id),
        state=query.get("state"),
        finding_code=query.get("finding"),
        cursor=query.get("cursor"),
        limit=query["limit"],
    )
    return {"items": items, "next": following}


@lines.post("/batches/<batch_id>/lines", access=COLLECT, parameters=[PARAMETER])
@idempotent
@lines.arguments(schemas.BenefitLineBody)
@lines.answer(201, schemas.BenefitLineView)
def add_line(body: dict[str, Any], batch_id: str) -> dict[str, Any]:
    """Add one person's line."""
    found = batch.reach(g.actor, "benefit.collect", object_ids.read(batch_id))
    made, _ = collect.add(g.actor, found, body)
    return views.mine(g.actor, made["_id"])


@lines.get("/lines/<line_id>", access=READ)
@lines.answer(200, schemas.BenefitWholeLineView)
def read_line(line_id: str) -> dict[str, Any]:
    """One line with its findings and why."""
    return views.one_line(g.actor, object_ids.read(line_id))


@lines.post("/lines/<line_id>/withdraw", access=COLLECT)
@lines.arguments(schemas.BenefitWithdrawBody)
@lines.answer(200, schemas.BenefitLineView)
def withdraw(body: dict[str, str], line_id: str) -> dict[str, Any]:
    """Take a line out of a batch that is with the town."""
    return views.mine(g.actor, collect.withdraw(g.actor, object_ids.read(line_id), body["reason"])["_id"])


@lines.post("/lines/<line_id>/findings/<code>/clear", access=staff("benefit.check", PURPOSE))
@lines.arguments(schemas.BenefitClearBody)
@lines.answer(200, schemas.BenefitLineView)
def clear_finding(body: dict[str, str], line_id: str, code: str) -> dict[str, Any]:
    """Set a finding aside, with a reason, where its kind allows that."""
    return views.mine(g.actor, clear.clear(g.actor, object_ids.read(line_id), code, body["reason"])["_id"])


@lines.get("/batches/<batch_id>/lines.xlsx", access=READ)
@lines.response(200, content_type=writing.MEDIA_TYPE)
def export_lines(batch_id: str) -> Response:
    """The list of a batch, up to 100 rows."""
    return _workbook(line_export.rows(g.actor, object_ids.read(batch_id)))


@lines.post("/batches/<batch_id>/exports", access=READ, parameters=[PARAMETER])
@idempotent
@lines.arguments(schemas.BenefitExportBody)
@lines.answer(202, schemas.BenefitExportView)
def propose_export(body: dict[str, str], batch_id: str) -> dict[str, Any]:
    """Propose an export of more rows; a second person decides."""
    made = line_export.propose(g.actor, object_ids.read(batch_id), reason=body["reason"])
    if made is None:
        return {"approval_needed": False}
    return {"approval_needed": True, "approval_id": str(made["_id"]), "rows": made["details"]["rows"]}


@lines.get("/exports/<approval_id>/content.xlsx", access=READ)
@lines.response(200, content_type=writing.MEDIA_TYPE)
def fetch_export(approval_id: str) -> Response:
    """One's own export, for a day after it was approved."""
    return _workbook(line_export.approved_rows(g.actor, object_ids.read(approval_id)))


def _workbook(rows: list[list[Any]]) -> Response:
    data = writing.table(line_export.HEADERS, rows, title="发放明细")
    return attachment(data, name="发放明细.xlsx", media_type=writing.MEDIA_TYPE)
