"""How much of its price an order gives back, by when it is cancelled: the one rule for whole orders and for visitors.

The rows are dated data that the order took along, of two kinds that may stand beside each other:

    {from_days_before, percent}      holds through the civil day that lies so many days before that of the visit
    {from_minutes_before, percent}   holds until so many minutes before the visit begins

Each row ends at an instant; of those that still hold, the one that ends first decides. After the last there is nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from backend import clock

_MILLISECOND = timedelta(milliseconds=1)
"""The finest step of an instant in the store."""


def percent(found: Mapping[str, Any], at: datetime | None = None) -> int:
    """Return what percentage of its price an order, or whoever is on it, gives back at an instant, now by default."""
    moment = at or clock.now()
    return next((share for until, share in _steps(found) if moment < until), 0)


def fen_of(found: Mapping[str, Any], fen: int, at: datetime | None = None) -> int:
    """Return what goes back of an amount that was paid on an order, in 分, rounded down."""
    return int(fen * percent(found, at) // 100)


def steps(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return until which instants one may cancel for which percentage, the last one being followed by nothing.

    `found` is an order or a slot: day, start, terms.
    """
    return [
        {"until": clock.civil(until).isoformat(timespec="seconds"), "percent": share}
        for until, share in _steps(found)
        if share
    ]


def _steps(found: Mapping[str, Any]) -> list[tuple[datetime, int]]:
    rows = (found.get("terms") or {}).get("refund_rows") or []
    return sorted((_until(row, found), row["percent"]) for row in rows)


def _until(row: Mapping[str, Any], found: Mapping[str, Any]) -> datetime:
    """Return the instant at which a row holds no longer."""
    day = clock.date_of(found["day"])
    if "from_minutes_before" in row:
        return clock.at(day, found["start"] - row["from_minutes_before"]) + _MILLISECOND
    return clock.at(day, (1 - row["from_days_before"]) * 24 * 60)
