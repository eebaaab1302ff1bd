"""What staff see of the journal: conflicts to settle, entries that wait, what could not be read."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.devices import journal_schemas as schemas
from models.devices import conflict, journal_views

journal = Surface("office journal", __name__, url_prefix="/office/v1/journal", description="离线流水核对")


@journal.get("/entries", access=staff("journal.read"))
@journal.arguments(schemas.EntryQuery, location="query")
@journal.answer(200, schemas.EntryList)
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """Entries in one state, newest first."""
    items, following = journal_views.entries(g.actor, **_window(query), state=query["state"])
    return {"items": items, "next": following}


@journal.get("/doubtful", access=staff("journal.read"))
@journal.arguments(schemas.DoubtfulQuery, location="query")
@journal.answer(200, schemas.EntryList)
def list_doubtful(query: dict[str, Any]) -> dict[str, Any]:
    """Entries whose time is doubtful, newest first."""
    items, following = journal_views.flagged(g.actor, **_window(query), flag=query["flag"])
    return {"items": items, "next": following}


@journal.get("/conflicts", access=staff("journal.read"))
@journal.arguments(schemas.ConflictQuery, location="query")
@journal.answer(200, schemas.ConflictList)
def list_conflicts(query: dict[str, Any]) -> dict[str, Any]:
    """Conflicts, newest first."""
    items, following = journal_views.conflicts(g.actor, **_window(query), state=query["state"])
    return {"items": items, "next": following}


@journal.post("/conflicts/<conflict_id>/settle", access=staff("journal.settle"))
@journal.arguments(schemas.SettleBody)
@journal.answer(200, schemas.ConflictView)
def settle(body: dict[str, str], conflict_id: str) -> dict[str, Any]:
    """Close a conflict with a decision and a note of what was done about it."""
    return journal_views.shown_conflict(
        conflict.settle(g.actor, conflict_id, note=body["note"], decision=body["decision"])
    )


@journal.get("/quarantine", access=staff("journal.read"))
@journal.arguments(schemas.PageQuery, location="query")
@journal.answer(200, schemas.QuarantineList)
def list_quarantine(query: dict[str, Any]) -> dict[str, Any]:
    """What scanners handed in and nobody could read, newest first."""
    items, following = journal_views.quarantined(g.actor, **_window(query))
    return {"items": items, "next": following}


def _window(query: dict[str, Any]) -> dict[str, Any]:
    return {"cursor": query.get("cursor"), "limit": query["limit"]}
