"""Work lists, figures and exports of policies for the office, the back office and who supervises."""

from collections.abc import Callable
from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.sheets import writing
from backend.store import object_ids
from blueprints.enterprise import policy_schemas, run_schemas
from blueprints.enterprise import work_schemas as schemas
from models.enterprise import export, figure_views, work_views
from models.enterprise.export import Wanted

work = Surface("office policy work", __name__, url_prefix="/office/v1/enterprise", description="惠企政策工作台")


def _page(listed: Callable[..., work_views.Page], query: dict[str, Any], *which: str) -> dict[str, Any]:
    items, following = listed(g.actor, *which, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@work.get("/to-do/policies", access=staff(work_views.WORK))
@work.arguments(schemas.PolicyWorkQuery, location="query")
@work.answer(200, policy_schemas.PolicyList)
def list_policies(query: dict[str, Any]) -> dict[str, Any]:
    """Policies that wait: drafts to finish, approved ones to open. What waits for a second person: the approvals."""
    return _page(work_views.policies, query, query["state"])


@work.get("/to-do/runs", access=staff(work_views.WORK))
@work.arguments(policy_schemas.PolicyQuery, location="query")
@work.answer(200, run_schemas.RunList)
def list_runs(query: dict[str, Any]) -> dict[str, Any]:
    """Runs that are done, newest first, with their counts."""
    return _page(work_views.runs, query)


@work.get("/to-do/offers", access=staff(work_views.WORK))
@work.arguments(policy_schemas.PolicyQuery, location="query")
@work.answer(200, run_schemas.PolicyOfferList)
def list_waiting(query: dict[str, Any]) -> dict[str, Any]:
    """Offers that no firm has confirmed yet, the oldest first."""
    return _page(work_views.waiting, query)


@work.get("/to-do/overdue", access=staff(work_views.OVERDUE))
@work.arguments(policy_schemas.PolicyQuery, location="query")
@work.answer(200, schemas.OverdueOfferList)
def list_overdue(query: dict[str, Any]) -> dict[str, Any]:
    """Offers that should have been paid by now, the longest overdue first."""
    return _page(work_views.overdue, query)


@work.get("/to-do/lacking", access=staff(work_views.DATA))
@work.arguments(policy_schemas.PolicyQuery, location="query")
@work.answer(200, schemas.LackingDataList)
def list_lacking(query: dict[str, Any]) -> dict[str, Any]:
    """Firms of which runs lacked data that one's unit would have, the newest runs first."""
    return _page(work_views.lacking, query)


@work.get("/figures", access=staff(figure_views.OPERATION))
@work.arguments(schemas.PolicyFigureQuery, location="query")
@work.answer(200, schemas.PolicyFigureList)
def list_figures(query: dict[str, Any]) -> dict[str, Any]:
    """The figures of a month as of last night, by policy, by unit or of the county."""
    return _page(figure_views.listed, query, query["month"], query["by"])


@work.get("/exports/table.xlsx", access=staff(export.OPERATION))
@work.arguments(schemas.PolicyExportQuery, location="query")
@work.response(200, content_type=writing.MEDIA_TYPE)
def export_table(query: dict[str, Any]) -> Response:
    """A list of a run, the offers of a policy or the figures of a month, up to 100 rows."""
    wanted = Wanted(**query)
    return _workbook(wanted, export.rows(g.actor, wanted))


@work.post("/exports", access=staff(export.OPERATION), parameters=[PARAMETER])
@idempotent
@work.arguments(schemas.PolicyExportBody)
@work.answer(202, schemas.PolicyExportView)
def propose_export(body: dict[str, Any]) -> dict[str, Any]:
    """Propose an export of more rows; a second person decides."""
    made = export.propose(g.actor, Wanted(body["what"], body["of"], body["part"]), reason=body["reason"])
    if made is None:
        return {"approval_needed": False}
    return {"approval_needed": True, "approval_id": str(made["_id"]), "rows": made["details"]["rows"]}


@work.get("/exports/<approval_id>/content.xlsx", access=staff(export.OPERATION))
@work.response(200, content_type=writing.MEDIA_TYPE)
def fetch_export(approval_id: str) -> Response:
    """One's own export, for a day after it was approved."""
    return _workbook(*export.approved_rows(g.actor, object_ids.read(approval_id)))


def _workbook(wanted: Wanted, lines: list[list[Any]]) -> Response:
    zh = export.WHAT_ZH[wanted.what]
    data = writing.table(export.HEADERS[wanted.what], lines, title=zh)
    return attachment(data, name=f"{zh}.xlsx", media_type=writing.MEDIA_TYPE)
