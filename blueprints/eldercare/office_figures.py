"""The health commission's figures, those of one's own unit, and lists that leave with a second person's agreement."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.sheets import writing
from backend.store import object_ids
from blueprints.eldercare import figure_schemas as schemas
from models.eldercare import due_export, figure_views

figures = Surface("office health figures", __name__, url_prefix="/office/v1/health", description="老年健康统计")
READ = staff(figure_views.OPERATION)
EXPORT = staff(due_export.OPERATION, due_export.PURPOSE)


@figures.get("/figures/yearly-checks", access=READ)
@figures.arguments(schemas.HealthYearQuery, location="query")
@figures.answer(200, schemas.HealthCheckFigures)
def read_check_figures(query: dict[str, Any]) -> dict[str, Any]:
    """Coverage of the yearly check by town, as of the last night."""
    return figure_views.yearly_checks(g.actor, query["year"])


@figures.get("/figures/control", access=READ)
@figures.arguments(schemas.HealthYearQuery, location="query")
@figures.answer(200, schemas.HealthControlFigures)
def read_control_figures(query: dict[str, Any]) -> dict[str, Any]:
    """Control rates of hypertension and diabetes by town, as of the last night."""
    return figure_views.control(g.actor, query["year"])


@figures.get("/figures/alerts", access=READ)
@figures.arguments(schemas.HealthMonthQuery, location="query")
@figures.answer(200, schemas.HealthAlertFigures)
def read_alert_figures(query: dict[str, str]) -> dict[str, Any]:
    """How the alerts of a month went: time until somebody took them up, outcomes, false alarms."""
    return figure_views.alerts(g.actor, query["month"])


@figures.get("/figures/own-units", access=staff(figure_views.OWN))
@figures.arguments(schemas.HealthYearQuery, location="query")
@figures.answer(200, schemas.HealthUnitFiguresList)
def read_own_figures(query: dict[str, Any]) -> dict[str, Any]:
    """Coverage and control among the elders for whom one's own units care."""
    return {"items": figure_views.own_units(g.actor, query["year"]), "next": None}


@figures.post("/exports/due-checks", access=EXPORT, parameters=[PARAMETER])
@idempotent
@figures.arguments(schemas.HealthDueExportBody)
@figures.answer(202, schemas.HealthExportView)
def propose_due_export(body: dict[str, Any]) -> dict[str, Any]:
    """Propose to export whose yearly check is due in a town; a second person decides at /office/v1/approvals."""
    made = due_export.propose(g.actor, body["town"], body["year"], reason=body["reason"])
    return {"approval_id": str(made["_id"]), "rows": made["details"]["rows"]}


@figures.get("/exports/<approval_id>/content.xlsx", access=EXPORT)
@figures.response(200, content_type=writing.MEDIA_TYPE)
def fetch_health_export(approval_id: str) -> Response:
    """One's own export, for a day after it was approved."""
    rows = due_export.approved_rows(g.actor, object_ids.read(approval_id))
    data = writing.table(due_export.HEADERS, rows, title="年度体检未完成名单")
    return attachment(data, name="年度体检未完成名单.xlsx", media_type=writing.MEDIA_TYPE)
