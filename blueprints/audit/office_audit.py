"""What staff did, and whose data they saw; with the proof that the log holds it."""

from typing import Any

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.audit import proof_schemas, schemas
from models.audit import access_line, entry, proofs

audit = Surface("office audit", __name__, url_prefix="/office/v1/audit", description="审计")


@audit.get("/entries", access=staff("audit.read"))
@audit.arguments(schemas.AuditEntryQuery, location="query")
@audit.answer(200, schemas.AuditEntryList)
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """What was done, newest first."""
    items, following = entry.listed(about=query.pop("object", None), **query)
    return {"items": items, "next": following}


@audit.get("/access-lines", access=staff("audit.read"))
@audit.arguments(schemas.AccessLineQuery, location="query")
@audit.answer(200, schemas.AccessLineList)
def list_access_lines(query: dict[str, Any]) -> dict[str, Any]:
    """Who saw personal data of whom, newest first."""
    subject = object_ids.read(query.pop("subject")) if "subject" in query else None
    items, following = access_line.listed(subject=subject, **query)
    return {"items": items, "next": following}


@audit.get("/entries/<entry_id>/proof", access=staff("audit.read"))
@audit.answer(200, proof_schemas.RecordProofView)
def prove_entry(entry_id: str) -> dict[str, Any]:
    """An entry as it was hashed, and the proof that the log holds it."""
    return proofs.of_record(entry.COLLECTION, object_ids.read(entry_id))


@audit.get("/access-lines/<line_id>/proof", access=staff("audit.read"))
@audit.answer(200, proof_schemas.RecordProofView)
def prove_access_line(line_id: str) -> dict[str, Any]:
    """A line as it was hashed, and the proof that the log holds it."""
    return proofs.of_record(access_line.COLLECTION, object_ids.read(line_id))
