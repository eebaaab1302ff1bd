"""The record for the regulator: what happened, and the days as a list, a workbook or CSV."""

import csv
import io
from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.surface import Surface
from backend.sheets import writing
from blueprints.crowd import schemas
from models.crowd import office_views

reports = Surface("office crowd reports", __name__, url_prefix="/office/v1", description="客流记录与报表")


@reports.get("/places/<place_id>/crowd/records", access=staff("crowd.report"))
@reports.arguments(schemas.CrowdRecordQuery, location="query")
@reports.answer(200, schemas.CrowdRecordList)
def list_records(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """What happened at a place, newest first."""
    items, following = office_views.records(g.actor, place_id, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@reports.get("/crowd/reports", access=staff("crowd.report"))
@reports.arguments(schemas.CrowdReportQuery, location="query")
@reports.answer(200, schemas.CrowdReportList)
def report(query: dict[str, Any]) -> dict[str, Any]:
    """The days of a span."""
    return {"items": _days(query), "next": None}


@reports.get("/crowd/reports.xlsx", access=staff("crowd.report"))
@reports.arguments(schemas.CrowdReportQuery, location="query")
@reports.response(200, content_type=writing.MEDIA_TYPE)
def report_workbook(query: dict[str, Any]) -> Response:
    """The days of a span as a workbook."""
    data = writing.table(office_views.HEADERS, office_views.lines(_days(query)), title="客流日报")
    return attachment(data, name="客流日报.xlsx", media_type=writing.MEDIA_TYPE)


@reports.get("/crowd/reports.csv", access=staff("crowd.report"))
@reports.arguments(schemas.CrowdReportQuery, location="query")
@reports.response(200, content_type="text/csv")
def report_csv(query: dict[str, Any]) -> Response:
    """The days of a span as CSV, in UTF-8 with its mark."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(office_views.HEADERS)
    table.writerows([writing.neutral(cell) for cell in line] for line in office_views.lines(_days(query)))
    return attachment(("\ufeff" + out.getvalue()).encode(), name="客流日报.csv", media_type="text/csv; charset=utf-8")


def _days(query: dict[str, Any]) -> list[dict[str, Any]]:
    return office_views.report(g.actor, query["first"], query["last"], query.get("place"))
