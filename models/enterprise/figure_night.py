"""The night's count of what policies gave, and the proof of what was counted.

Each night the days that are over since the last count are counted, and the last week once more, because a bank's return
may name an earlier day. A kill loses nothing: the last counted day is the last one that stands.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import structlog

from backend import clock, metrics
from models.enterprise import figure, figure_day
from models.enterprise.figure import Tally
from models.enterprise.offer import Offer

log = structlog.get_logger()
AGAIN = 7
"""So many days before today are counted again each night."""
PROVED = timedelta(days=400)
_DAY = timedelta(days=1)


def count() -> list[str]:
    """Count the days that are over and the months they lie in; return the days."""
    today = clock.today()
    days = _span(min(_first(), today - _DAY * AGAIN), today - _DAY)
    for day in days:
        figure.put(day.isoformat(), figure_day.rows(day), clock.now())
    for month in sorted({day.isoformat()[:7] for day in days}):
        figure.put(month, _month(month), clock.now())
    return [day.isoformat() for day in days]


def _first() -> date:
    """Return the first day that was never counted."""
    counted = figure.last_day()
    if counted:
        return date.fromisoformat(counted) + _DAY
    first = Offer._get_collection().find_one(
        {"first_at": {"$gt": clock.at(date(2000, 1, 1), 0)}}, sort=[("first_at", 1)]
    )
    return clock.civil(first["first_at"]).date() if first else clock.today()


def _span(first: date, last: date) -> list[date]:
    return [first + _DAY * n for n in range((last - first).days + 1)]


def _month(month: str) -> list[dict[str, object]]:
    tallies: dict[str, Tally] = {}
    for row in figure.of_days(f"{month}-01", f"{month}-31"):
        tallies.setdefault(row["code"], Tally(row.get("unit", ""))).add(figure.of_row(row))
    return figure_day.summed(month, tallies)


def prove(days: Iterable[date] | None = None) -> list[str]:
    """Count days anew that were counted (the last 400 where none are named) and return the ids of rows that differ.

    What differs is put right, with its month, and raises the alarm `enterprise_figures_wrong`.
    """
    today = clock.today()
    last = figure.last_day()
    wanted = list(days) if days is not None else _span(today - PROVED, date.fromisoformat(last)) if last else []
    wrong: list[str] = []
    for day in wanted:
        period = day.isoformat()
        fresh = {str(one["_id"]): one for one in figure_day.rows(day)}
        stored = figure.of_period(period)
        if not stored and not any(one["counts"] for one in fresh.values()):
            continue  # a day before there were figures
        differ = sorted(one for one in {*fresh, *stored} if fresh.get(one) != stored.get(one))
        if differ:
            figure.put(period, fresh.values(), clock.now())
            wrong += differ
    wrong += _months_wrong({day.isoformat()[:7] for day in wanted})
    if wrong:
        metrics.ALARMS.labels("enterprise_figures_wrong").inc()
        log.error("enterprise_figures_wrong", rows=len(wrong))
    return wrong


def _months_wrong(months: set[str]) -> list[str]:
    wrong: list[str] = []
    for month in sorted(months):
        stored, fresh = figure.of_period(month), {str(one["_id"]): one for one in _month(month)}
        differ = sorted(one for one in {*fresh, *stored} if stored and fresh.get(one) != stored.get(one))
        if differ:
            figure.put(month, fresh.values(), clock.now())
            wrong += differ
    return wrong
