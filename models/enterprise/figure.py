"""A figure (惠企兑现统计): of a policy, a unit or the county, what happened on a day or in a month.

A day counts when it is over: offers first made, confirmed, paid (how late, without an application, after how many
hours) and those whose promised time ran out unpaid. All of it follows from moments on the offers that never change, so
a day counted anew comes out the same: that proves the rows (`figure_night.prove`). A month is the sum of its days.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mongoengine import DateTimeField, DictField, Document, LongField, StringField
from pymongo import DeleteMany, ReplaceOne

from backend.store import paging

COLLECTION = "enterprise_figures"
BY = ("policy", "unit", "county")
COUNTY = "county"
WORDS = ("offered", "confirmed", "confirmed_fen", "paid", "paid_fen", "paid_unasked", "paid_late", "fell_overdue")
SLOWEST = 24 * 366
"""Longer times are counted as this many hours."""
MOST_ROWS = 100_000


class PolicyFigure(Document):
    """The id is `<period>|<by>|<code>`; the period a civil day or a month. `hours` says how many were paid after n."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["by", "period", "_id"]}, {"fields": ["by", "period", "unit", "_id"]}],
    }
    id = StringField(primary_key=True)
    by = StringField(choices=BY, required=True)
    period = StringField(required=True)
    code = StringField(required=True)
    unit = StringField()
    counts = DictField(field=LongField())
    hours = DictField(field=LongField())
    as_of = DateTimeField(required=True)


@dataclass
class Tally:
    """What was counted of one policy, unit or county."""

    unit: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Count another one in."""
        self.counts.update(other.counts)
        self.hours.update(other.hours)

    def row(self, period: str, by: str, code: str) -> dict[str, Any]:
        """Return it as a row, without the moment."""
        told = {"_id": f"{period}|{by}|{code}", "by": by, "period": period, "code": code, "unit": self.unit}
        counts = {word: self.counts[word] for word in WORDS if self.counts[word]}
        return told | {"counts": counts, "hours": {str(n): self.hours[n] for n in sorted(self.hours)}}


def of_row(row: Mapping[str, Any]) -> Tally:
    """Return what a row counts."""
    hours = Counter({int(n): count for n, count in row["hours"].items()})
    return Tally(row.get("unit", ""), Counter(row["counts"]), hours)


def put(period: str, rows: Iterable[Mapping[str, Any]], as_of: datetime) -> None:
    """Put the rows of a period and take away those that are none any more; the same again changes nothing."""
    told = [{**one, "as_of": as_of} for one in rows]
    gone = {"period": period, "by": {"$in": list(BY)}, "_id": {"$nin": [one["_id"] for one in told]}}
    writes: list[Any] = [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in told]
    PolicyFigure._get_collection().bulk_write([*writes, DeleteMany(gone)], ordered=False)


def of_days(first: str, last: str) -> list[dict[str, Any]]:
    """Return the rows of policies for all days of a span."""
    query = {"by": "policy", "period": {"$gte": first, "$lte": last}}
    return list(PolicyFigure._get_collection().find(query).limit(MOST_ROWS))


def of_period(period: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a day or a month by id, without the moment."""
    query = {"by": {"$in": list(BY)}, "period": period}
    found = PolicyFigure._get_collection().find(query, {"as_of": 0}).limit(MOST_ROWS)
    return {one["_id"]: one for one in found}


def last_day() -> str | None:
    """Return the last day that was counted, None when none was."""
    query = {"by": COUNTY, "period": {"$gte": "0"}}
    found = PolicyFigure._get_collection().find(query, {"period": 1}).sort([("period", -1), ("_id", -1)]).limit(62)
    return next((one["period"] for one in found if len(one["period"]) == len("2026-11-20")), None)


def listed(
    period: str, by: str, units: Collection[str] | None, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the rows of a period by policy, unit or county, of some units or of all (None)."""
    query: dict[str, Any] = {"by": by, "period": period}
    query |= {} if units is None else {"unit": {"$in": sorted(units)}}
    return paging.page(PolicyFigure._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)


def percentile(hours: Mapping[int, int], percent: int) -> int | None:
    """Return the hours within which so many percent were paid (nearest rank), None when nobody was."""
    total = sum(hours.values())
    left = -(-total * percent // 100)
    for one in sorted(hours):
        left -= hours[one]
        if total and left <= 0:
            return one
    return None
