"""Counting one civil day from the offers: four scans of their moments by index, grouped in the store."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from backend import clock
from models.enterprise import figure
from models.enterprise.figure import COUNTY, Tally
from models.enterprise.offer import Offer

_HOUR_MS = 3_600_000
_WHOSE = {"policy": "$policy", "unit": {"$ifNull": ["$unit", ""]}}
_ONE = {"$sum": 1}
_HOURS = {"$floor": {"$divide": [{"$subtract": ["$paid_at", {"$ifNull": ["$confirmed_at", "$paid_at"]}]}, _HOUR_MS]}}
_LATE = {"$and": [{"$gt": ["$pay_by", None]}, {"$gt": ["$paid_at", "$pay_by"]}]}
_ASKED = {"$gt": ["$application", None]}


def rows(day: date) -> list[dict[str, Any]]:
    """Return the rows of a day: of each policy of which something happened, of their units, and of the county."""
    return summed(day.isoformat(), counted(day))


def summed(period: str, tallies: Mapping[str, Tally]) -> list[dict[str, Any]]:
    """Return the rows of a period: the policies' own, the sums of their units, the sum of the county."""
    units: dict[str, Tally] = {}
    county = Tally()
    for one in tallies.values():
        units.setdefault(one.unit, Tally(one.unit)).add(one)
        county.add(one)
    made = [one.row(period, "policy", code) for code, one in sorted(tallies.items())]
    made += [one.row(period, "unit", code) for code, one in sorted(units.items())]
    return [*made, county.row(period, COUNTY, COUNTY)]


def counted(day: date) -> dict[str, Tally]:
    """Return what happened on a day, by policy."""
    tallies: dict[str, Tally] = {}

    def of(found: dict[str, Any]) -> Tally:
        return tallies.setdefault(found["_id"]["policy"], Tally(found["_id"]["unit"]))

    for found in _grouped("first_at", day, {"n": _ONE}):
        of(found).counts["offered"] += found["n"]
    for found in _grouped("confirmed_at", day, {"n": _ONE, "fen": {"$sum": "$amount_fen"}}):
        of(found).counts.update({"confirmed": found["n"], "confirmed_fen": found["fen"]})
    for found in _paid(day):
        told = {"paid": found["n"], "paid_fen": found["fen"], "paid_late": found["late"]}
        of(found).counts.update(told | {"paid_unasked": found["unasked"]})
        of(found).hours[max(0, min(int(found["_id"]["hours"]), figure.SLOWEST))] += found["n"]
    for found in _fell_overdue(day):
        of(found).counts["fell_overdue"] += found["n"]
    return tallies


def _grouped(moment: str, day: date, told: dict[str, Any], **by: Any) -> Iterator[dict[str, Any]]:
    yield from _read([{"$match": {moment: _span(day, "$gte", "$lt")}}, {"$group": {"_id": {**_WHOSE, **by}, **told}}])


def _paid(day: date) -> Iterator[dict[str, Any]]:
    told: dict[str, Any] = {"n": _ONE, "fen": {"$sum": "$amount_fen"}, "late": {"$sum": {"$cond": [_LATE, 1, 0]}}}
    yield from _grouped("paid_at", day, told | {"unasked": {"$sum": {"$cond": [_ASKED, 0, 1]}}}, hours=_HOURS)


def _fell_overdue(day: date) -> Iterator[dict[str, Any]]:
    """Yield those whose promised time ended with this day, at midnight, neither paid nor ended by then."""
    done = [{"$and": [{"$gt": [one, None]}, {"$lte": [one, "$pay_by"]}]} for one in ("$paid_at", "$ended_at")]
    open_ones = {"$match": {"pay_by": _span(day, "$gt", "$lte"), "$expr": {"$not": {"$or": done}}}}
    yield from _read([open_ones, {"$group": {"_id": _WHOSE, "n": _ONE}}])


def _span(day: date, begins: str, ends: str) -> dict[str, Any]:
    return {begins: clock.at(day, 0), ends: clock.at(day + timedelta(days=1), 0)}


def _read(stages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from Offer._get_collection().aggregate(stages)
