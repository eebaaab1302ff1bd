"""Figures of a month for who supervises or runs policies: by policy, by unit, of the county. Plain dicts, no person."""

from collections.abc import Mapping
from typing import Any

from backend import clock
from models.enterprise import figure, policy
from models.enterprise.figure import COUNTY, WORDS
from models.identity import unit
from models.identity.actors import Staff

OPERATION = "policy.figures"
MEDIAN, NINETY = 50, 90
Row = dict[str, Any]


def listed(actor: Staff, month: str, by: str, *, cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    """Return a page of the figures of a month (`YYYY-MM`) that lie within the actor's units.

    The county's row is for who reaches the whole county.

    Raises:
        NotAllowed: no role of the actor reads figures.
    """
    actor.require(OPERATION)
    units = actor.units_for(OPERATION)
    if by == COUNTY:
        units = None if _whole(actor) else set()
    rows, following = figure.listed(month, by, units, cursor=cursor, limit=limit)
    names = _names(rows, by)
    return [_row(one, names) for one in rows], following


def _whole(actor: Staff) -> bool:
    if actor.units_for(OPERATION) is None:
        return True
    return any(not unit.read(one.unit).get("parent") for one in actor.giving(OPERATION) if one.unit)


def _names(rows: list[Row], by: str) -> dict[str, str]:
    codes = [one["code"] for one in rows]
    if by == "policy":
        return {code: one["title"] for code, one in policy.several(codes).items()}
    return unit.names(codes) if by == "unit" else {COUNTY: "全县"}


def _row(found: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    tally = figure.of_row(found)
    told: Row = {"code": found["code"], "name": names.get(found["code"], ""), "unit": found.get("unit", "")}
    told |= {word: tally.counts[word] for word in WORDS}
    paid = tally.counts["paid"]
    told |= {"percent_unasked": round(100 * tally.counts["paid_unasked"] / paid, 1) if paid else None}
    told |= {
        "median_hours": figure.percentile(tally.hours, MEDIAN),
        "p90_hours": figure.percentile(tally.hours, NINETY),
    }
    return told | {"as_of": clock.civil(found["as_of"]).isoformat(timespec="seconds")}
