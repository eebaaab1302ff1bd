"""What anybody may see of crowds: the level, the number, how old it is; honest where nothing is known."""

from datetime import datetime, timedelta
from typing import Any

from backend import clock
from backend.errors import NotFound
from models.crowd import sales, state, thresholds
from models.crowd.level import LEVEL_ZH
from models.crowd.spot import WHOLE, Spot
from models.crowd.state import CrowdState
from models.places.place import Place

UNJUDGED = timedelta(minutes=5)
"""A state that nobody judged for so long is not shown as if it were of now."""
_FIELDS = {"outbox": 0, "override.reason": 0}


def public(now: datetime | None = None) -> list[dict[str, Any]]:
    """Return the live state of every place that is counted, in the order of the places."""
    found = list(CrowdState._get_collection().find({"zone": WHOLE}, _FIELDS).sort("_id", 1).limit(state.MOST))
    known = {one["place"]: one for one in found}
    fields = {"name": 1, "rank": 1}
    places = Place._get_collection().find({"_id": {"$in": sorted(known)}}, fields)
    figures = _figures()
    return [
        {"place_id": one["_id"], "name": one["name"], **told(known[one["_id"]], figures, now)}
        for one in sorted(places, key=lambda one: (one.get("rank", 0), one["_id"]))
    ]


def of_place(place_id: str) -> dict[str, Any] | None:
    """Return the live state of a place as visitors see it, None where nobody counts."""
    found = state.find(Spot(place_id))
    return told(found, _figures()) if found else None


def read(place_id: str) -> dict[str, Any]:
    """Return the live state of a place and its zones.

    Raises:
        NotFound: nobody counts there.
    """
    found = list(CrowdState._get_collection().find({"place": place_id}, _FIELDS).sort("_id", 1).limit(state.MOST))
    whole = [one for one in found if one["zone"] == WHOLE]
    name = Place._get_collection().find_one({"_id": place_id}, {"name": 1})
    if not whole or name is None:
        raise NotFound
    figures = _figures()
    zones = [{"zone": one["zone"], **told(one, figures)} for one in found if one["zone"] != WHOLE]
    return {"place_id": place_id, "name": name["name"], **told(whole[0], figures), "zones": zones}


def _figures() -> thresholds.Thresholds | None:
    try:
        return thresholds.on(clock.today())
    except NotFound:
        return None


def told(found: dict[str, Any], figures: thresholds.Thresholds | None, at: datetime | None = None) -> dict[str, Any]:
    """Return one state as visitors see it; `level` is unknown while no source is fresh."""
    now = at or clock.now()
    fresh = "number" in found and now - found["checked_at"] <= UNJUDGED
    level = found["level"] if fresh and found.get("load") else "unknown"
    shown: dict[str, Any] = {"level": level, "level_zh": LEVEL_ZH[level]}
    if fresh:
        shown |= {
            "inside": found["number"],
            "at": clock.civil(found["at"]).isoformat(timespec="seconds"),
            "age_seconds": max(0, round((now - found["at"]).total_seconds())),
            "estimate": found["basis"] == "parking",
        }
        if "instantaneous" in found.get("load", {}):
            shown["load_percent"] = found["load"]["instantaneous"]
    elif "at" in found:
        shown["last_at"] = clock.civil(found["at"]).isoformat(timespec="seconds")
    shown["sales_stopped"] = bool(figures and sales.stopped(found, now, figures))
    return shown
