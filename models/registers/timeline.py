"""Which value held on a day, as known at a moment: pure functions over the rows of one line of history.

A register's statement says what holds from a day on. It is stored as a row that is never changed but for its `ends`: a
later statement from day `d` ends what stood for the days after, and says when that became known. So every earlier
answer can be given again: for a day and a moment at most one row of a line holds, that of the latest statement known by
then which reaches the day.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

ALWAYS = "0001-01-01"
Row = Mapping[str, Any]


def end_of(row: Row, known_at: datetime | None = None) -> str | None:
    """Return the first day on which a row does not hold any more, as known at a moment; None while it is open."""
    ends = [end["on"] for end in row["ends"] if known_at is None or _aware(end["known_at"]) <= known_at]
    return ends[-1] if ends else None


def holds(row: Row, day: str, known_at: datetime | None = None) -> bool:
    """Tell whether a row held on a day, as known at a moment (now when none is given)."""
    if known_at is not None and _aware(row["known_from"]) > known_at:
        return False
    end, last = end_of(row, known_at), row.get("valid_to")
    return bool(row["valid_from"] <= day and (end is None or day < end) and (last is None or day <= last))


def ending(row: Row, day: str) -> str | None:
    """Return the day on which a statement from `day` on ends a row, None where it changes nothing."""
    new, end = max(day, row["valid_from"]), end_of(row)
    return None if end is not None and end <= new else new


def holding(rows: Iterable[Row], day: str, known_at: datetime | None = None) -> list[Row]:
    """Return the rows that held on a day."""
    return [row for row in rows if holds(row, day, known_at)]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
