"""A relation as the clerk gets it who has just verified it: ids and terms, no name. Plain dicts."""

from typing import Any

from backend import clock


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a relation without personal data."""
    return {
        "id": str(found["_id"]),
        "kind": found["kind"],
        "for_person_id": str(found["for_person"]),
        "agent_id": str(found["agent"]),
        "scope": found["scope"],
        "state": found["state"],
        "until": clock.civil(found["until"]).isoformat(timespec="seconds"),
    }
