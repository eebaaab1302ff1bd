"""Broken glasses before the privacy officers: what is open, what was judged. Plain dicts."""

from typing import Any

from backend import clock, runtime
from backend.store import paging
from models.identity.actors import Staff
from models.identity.break_glass import EMERGENCIES, BreakGlass

STATE_ZH = {"open": "待复核", "reviewed": "已复核"}


def listed(actor: Staff, state: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of broken glasses in a state, newest first."""
    actor.require("break_glass.review")
    found, following = paging.page(
        BreakGlass._get_collection(), {"state": state}, sort=("_id", -1), cursor=cursor, limit=limit
    )
    return [shown(one) for one in found], following


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return one ready for the wire."""
    told: dict[str, Any] = {
        "id": str(found["_id"]),
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        "emergency": found["emergency"],
        "emergency_zh": EMERGENCIES[found["emergency"]],
        "unit": found["unit"],
        "opened_by": f"staff:{found['opened_by']}",
        "overdue": found["state"] == "open" and found["review_by"] <= clock.now(),
        **{name: _time(found[name]) for name in ("opened_at", "until", "review_by", "reviewed_at") if name in found},
        **{f"{name}_id": str(found[name]) for name in ("person", "order") if name in found},
        **{name: _opened(found, name) for name in ("reason", "note") if name in found},
    }
    if "reviewed_by" in found:
        told |= {"reviewed_by": f"staff:{found['reviewed_by']}", "justified": found["justified"]}
    return told


def _opened(found: dict[str, Any], name: str) -> str:
    return runtime.current().sealer.open(f"break_glass.{name}", found["_id"], found[name])


def _time(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")
