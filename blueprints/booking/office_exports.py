"""Orders as a workbook."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.sheets import writing
from backend.store import object_ids
from blueprints.booking import export_schemas as schemas
from models.places import order_export

exports = Surface("office order exports", __name__, url_prefix="/office/v1", description="订单导出")
PURPOSE = "booking_service"


@exports.get("/orders/export.xlsx", access=staff("order.export", PURPOSE))
@exports.arguments(schemas.OrderExportQuery, location="query")
@exports.response(200, content_type=writing.MEDIA_TYPE)
def export_orders(query: dict[str, Any]) -> Response:
    """The orders of a place and day, up to 100 rows."""
    return _workbook(order_export.rows(g.actor, query["place"], query["day"], purpose=PURPOSE))


@exports.post("/orders/exports", access=staff("order.export", PURPOSE), parameters=[PARAMETER])
@idempotent
@exports.arguments(schemas.OrderExportBody)
@exports.answer(202, schemas.OrderExportView)
def propose_export(body: dict[str, Any]) -> dict[str, Any]:
    """Propose an export of more rows; a second person decides."""
    made = order_export.propose(g.actor, body["place"], body["day"], reason=body["reason"])
    if made is None:
        return {"approval_needed": False}
    return {"approval_needed": True, "approval_id": str(made["_id"]), "rows": made["details"]["rows"]}


@exports.get("/orders/exports/<approval_id>/content.xlsx", access=staff("order.export", PURPOSE))
@exports.response(200, content_type=writing.MEDIA_TYPE)
def fetch_export(approval_id: str) -> Response:
    """One's own export, for a day after it was approved."""
    return _workbook(order_export.approved_rows(g.actor, object_ids.read(approval_id), purpose=PURPOSE))


def _workbook(lines: list[list[Any]]) -> Response:
    data = writing.table(order_export.HEADERS, lines, title="订单")
    return attachment(data, name="订单.xlsx", media_type=writing.MEDIA_TYPE)
