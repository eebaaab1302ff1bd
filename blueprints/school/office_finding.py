"""Finding the children of a round and telling their families; the list of whom nothing reached."""

from typing import Any

from flask import Response, g

from backend import clock
from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.sheets import writing
from backend.store import object_ids
from blueprints.media import sheet_routes
from blueprints.school import finding_schemas as schemas
from models.school import find, reach, roster_sheet, tell_found
from models.school.reach import PURPOSE

finding = Surface("office school finding", __name__, url_prefix="/office/v1/school", description="适龄儿童发现与告知")
sheets = Surface("office school roster", __name__, url_prefix="/office/v1", description="适龄儿童名册导入")
sheet_routes.add(sheets, roster_sheet.KIND)
FIND = staff("school.find")
REACH = staff("school.reach", PURPOSE)


@finding.post("/rounds/<round_id>/find", access=FIND, parameters=[PARAMETER])
@idempotent
@finding.arguments(schemas.SchoolFindBody)
@finding.answer(202, schemas.SchoolJobView)
def find_children(body: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Look for the children of a round in the household register; again updates, never doubles."""
    return _job(find.start(g.actor, round_id, born_from=body["born_from"], born_to=body["born_to"]))


@finding.post("/rounds/<round_id>/tell", access=FIND, parameters=[PARAMETER])
@idempotent
@finding.answer(202, schemas.SchoolJobView)
def tell_families(round_id: str) -> dict[str, Any]:
    """Tell the families of an announced round; again tells only those for whom something changed."""
    return _job(tell_found.start(g.actor, round_id))


@finding.get("/jobs/<job_id>", access=FIND)
@finding.answer(200, schemas.SchoolJobView)
def read_finding_job(job_id: str) -> dict[str, Any]:
    """How far such a job is, and why children have to be looked at again."""
    return _job(find.read_job(object_ids.read(job_id)))


@finding.get("/rounds/<round_id>/unreached", access=REACH)
@finding.arguments(schemas.UnreachedQuery, location="query")
@finding.answer(200, schemas.UnreachedList)
def list_unreached(query: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Families within one's area whom nothing reached, or who were visited."""
    items, following = reach.listed(
        g.actor,
        round_id,
        village=query["village"],
        visited=query["visited"],
        cursor=query.get("cursor"),
        limit=query["limit"],
    )
    note = reach.note_zh(g.actor)
    return {"items": items, "next": following} | ({"note_zh": note} if note else {})


@finding.get("/rounds/<round_id>/unreached.xlsx", access=REACH)
@finding.arguments(schemas.UnreachedSheetQuery, location="query")
@finding.response(200, content_type=writing.MEDIA_TYPE)
def export_unreached(query: dict[str, str], round_id: str) -> Response:
    """The list as a workbook, up to 100 rows."""
    return _workbook(reach.rows(g.actor, round_id, village=query["village"]))


@finding.post("/rounds/<round_id>/unreached/exports", access=REACH, parameters=[PARAMETER])
@idempotent
@finding.arguments(schemas.UnreachedExportBody)
@finding.answer(202, schemas.UnreachedExportView)
def propose_unreached_export(body: dict[str, str], round_id: str) -> dict[str, Any]:
    """Propose an export of more families; a second person decides."""
    made = reach.propose(g.actor, round_id, village=body["village"], reason=body["reason"])
    if made is None:
        return {"approval_needed": False}
    return {"approval_needed": True, "approval_id": str(made["_id"]), "rows": made["details"]["rows"]}


@finding.get("/unreached/exports/<approval_id>/content.xlsx", access=REACH)
@finding.response(200, content_type=writing.MEDIA_TYPE)
def fetch_unreached_export(approval_id: str) -> Response:
    """One's own export of families, for a day after it was approved."""
    return _workbook(reach.approved_rows(g.actor, object_ids.read(approval_id)))


@finding.post("/rounds/<round_id>/unreached/<candidate_id>/visited", access=REACH)
@finding.arguments(schemas.SchoolVisitBody)
@finding.answer(200, schemas.UnreachedView)
def note_visit(body: dict[str, str], round_id: str, candidate_id: str) -> dict[str, Any]:
    """Note how a visit went; the same again changes nothing."""
    wanted = object_ids.read(candidate_id)
    return reach.visited(g.actor, round_id, wanted, outcome=body["outcome"], note=body["note"])


def _job(found: dict[str, Any]) -> dict[str, Any]:
    times = {name: found[name] for name in ("started_at", "finished_at") if found.get(name)}
    failures = found["failures"]
    return {
        "id": str(found["_id"]),
        **{name: found[name] for name in ("task", "state", "done")},
        "failed": len(failures),
        "reasons": sorted({one["reason"] for one in failures}),
        **{name: clock.civil(at).isoformat(timespec="seconds") for name, at in times.items()},
    }


def _workbook(rows: list[list[Any]]) -> Response:
    data = writing.table(reach.HEADERS, rows, title="待上门告知名单")
    return attachment(data, name="待上门告知名单.xlsx", media_type=writing.MEDIA_TYPE)
