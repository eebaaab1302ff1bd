"""What staff did, and whose data they saw."""

from typing import Any

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.audit import schemas
from models.audit import access_line, entry

audit = Surface("office audit", __name__, url_prefix="/office/v1/audit", description="审计")


@audit.get("/entries", access=staff("audit.read"))
@audit.arguments(schemas.AuditEntryQuery, location="query")
@audit.answer(200, schemas.AuditEntryList)
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """What was done, newest first."""
    items, following = entry.listed(
        actor=query.get("actor"), about=query.get("object"), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@audit.get("/access-lines", access=staff("audit.read"))
@audit.arguments(schemas.AccessLineQuery, location="query")
@audit.answer(200, schemas.AccessLineList)
def list_access_lines(query: dict[str, Any]) -> dict[str, Any]:
    """Who saw personal data of whom, newest first."""
    subject = object_ids.read(query["subject"]) if "subject" in query else None
    items, following = access_line.listed(
        who=query.get("who"), subject=subject, cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}
