"""The seasons of a product (产季): to which harvest a day belongs, by a dated table that the office keeps.

    row      {valid_from, starts: [{name, from: "MM-DD"}], source}; it holds until the next row does
    season   the latest start at or before the day, with the year in which it began: `2026-autumn`

A season crosses New Year as one, and is computed from the day of the harvest: nobody tells it. Before the first row
the quarters of the year hold. Each season has the whole quota of codes, so a change must not open a second one for
goods of the same time: a row begins on a day to come, which either begins a season by both tables, or lies in one of
the same name and year that ends no earlier than before. So no day that was ever changes its season, and no season
that has begun is cut short.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.selenium import product
from models.selenium.product import Product

NAME_ZH = {"winter": "冬", "spring": "春", "summer": "夏", "autumn": "秋"}
TEXT = r"^20[0-9]{2}-(winter|spring|summer|autumn)\Z"
MONTH_DAY = r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z"
QUARTERS = (
    {"name": "spring", "from": "03-01"},
    {"name": "summer", "from": "06-01"},
    {"name": "autumn", "from": "09-01"},
    {"name": "winter", "from": "12-01"},
)
_COMMON_YEAR = 2001
Starts = list[dict[str, str]]


class SeasonWrong(Unprocessable):
    """422: the product has no such season."""

    code = "season_wrong"
    zh = "该产品没有这个产季。产季请按“年份-季”填写,例如 2026-autumn;年份为产季开始的年份。"
    en = "The product has no such season. Tell year and name, for example 2026-autumn; the year is that of its start."

    def __init__(self) -> None:
        super().__init__(fields={"season": [self.zh]})


class StartsWrong(Unprocessable):
    """422: a day that not every year has, or a name or day twice."""

    code = "season_starts_wrong"
    zh = "产季起始日须是每年都有的日期(月-日),名称和起始日都不能重复。"
    en = "Each season begins on a day that every year has; no name and no day is told twice."

    def __init__(self) -> None:
        super().__init__(fields={"starts": [self.zh]})


class SeasonsPast(Unprocessable):
    """422: the table is only changed from its last row on, for days to come."""

    code = "seasons_past"
    zh = "产季只能从明天起变更,且不早于上一条的生效日期。"
    en = "Seasons change from tomorrow on at the earliest, and not before the last change."

    def __init__(self) -> None:
        super().__init__(fields={"valid_from": [self.zh]})


class SeasonCut(Unprocessable):
    """422: the change would cut a season in two, each part with a quota of its own."""

    code = "season_cut"
    zh = (
        "生效日须同时是变更前和变更后产季的起始日,或者在变更前后属于同名同年、且不提前结束的产季;"
        "否则同一时期的产品会有两份发码额度。请改选生效日期。"
    )
    en = "Let the change begin with a season of both tables, or within one that both name alike and end no earlier."

    def __init__(self) -> None:
        super().__init__(fields={"valid_from": [self.zh]})


@dataclass(frozen=True)
class Calendar:
    """When the seasons of each year begin, from which day on that holds, and by which source."""

    starts: tuple[tuple[str, str], ...]
    valid_from: date
    source: str


def of(found: dict[str, Any], day: date) -> str:
    """Return the season of a product to which a day belongs; every day has exactly one."""
    starts, text = _starts(found, day), f"{day:%m-%d}"
    begun = [one for one in starts if one["from"] <= text]
    latest = max(begun or starts, key=lambda one: one["from"])
    return f"{day.year if begun else day.year - 1}-{latest['name']}"


def of_year(day: date) -> str:
    """Return the quarter of the year to which a day belongs, for deeds that are about no product."""
    return of({}, day)


def under_way() -> list[str]:
    """Return the seasons to which today belongs, of all products and of the year."""
    today = clock.today()
    return sorted({of(one, today) for one in [{}, *product.listed(retired=True)]})


def require(found: dict[str, Any], text: str) -> str:
    """Return a season that a product has.

    Raises:
        SeasonWrong: to no day belongs this one.
    """
    rows = found.get("seasons", [])
    starts = [*QUARTERS, *(one for row in rows for one in row["starts"])]
    if not re.match(TEXT, text):
        raise SeasonWrong
    days = [row["valid_from"] for row in rows] + [f"{text[:4]}-{one['from']}" for one in starts]
    if all(of(found, date.fromisoformat(day)) != text for day in days):
        raise SeasonWrong
    return text


def set_calendar(actor: Staff, product_id: str, wanted: Calendar) -> dict[str, Any]:
    """Set when the seasons begin from a day on; the same again writes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such product.
        StartsWrong, SeasonsPast, SeasonCut: the table cannot be changed like this.
    """
    actor.require("product.edit")
    found = product.read(product_id)
    before, made = found.get("seasons", []), row(wanted)
    if before and before[-1] == made:
        return found
    rows, since = _changed(before, made), made["valid_from"]
    line = entry.line(
        actor.key, "product.seasons", f"product:{product_id}", unit=actor.unit, seasons=len(made["starts"]), since=since
    )

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        guard = {"_id": product_id, "seasons": before or {"$in": [None, []]}}
        update = {"$set": {"seasons": rows, "kept": True}}
        if not Product._get_collection().update_one(guard, update, session=session).matched_count:
            raise Conflict
        entry.write(line, session)

    transactions.run(change)
    return found | {"seasons": rows}


def row(wanted: Calendar) -> dict[str, Any]:
    """Return the row of a table that a calendar makes.

    Raises:
        StartsWrong: a day that not every year has, or a name or day twice.
    """
    names, days = zip(*wanted.starts, strict=True)
    if len(set(names)) < len(names) or len(set(days)) < len(days) or not all(_in_every_year(one) for one in days):
        raise StartsWrong
    starts = [{"name": name, "from": day} for name, day in sorted(wanted.starts, key=lambda one: one[1])]
    return {"valid_from": wanted.valid_from.isoformat(), "starts": starts, "source": wanted.source}


def _changed(rows: list[dict[str, Any]], made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a table with another last row; one that begins on the same day takes the last one's place."""
    day = date.fromisoformat(made["valid_from"])
    if day <= clock.today() or (rows and rows[-1]["valid_from"] > made["valid_from"]):
        raise SeasonsPast
    kept = [one for one in rows if one["valid_from"] < made["valid_from"]]
    before, after = {"seasons": kept}, {"seasons": [*kept, made]}
    if not _goes_on(before, after, day) and not (_begins(before, day) and _begins(after, day)):
        raise SeasonCut
    return after["seasons"]


def _goes_on(before: dict[str, Any], after: dict[str, Any], day: date) -> bool:
    """Whether the season before a day is the same on that day by another table, and lasts as long at least."""
    eve = day - timedelta(days=1)
    return of(before, eve) == of(after, day) and _next_start(before, eve) <= _next_start(after, day)


def _starts(found: dict[str, Any], day: date) -> Starts:
    text = day.isoformat()
    held = [one["starts"] for one in found.get("seasons", []) if one["valid_from"] <= text]
    return held[-1] if held else list(QUARTERS)


def _next_start(found: dict[str, Any], day: date) -> date:
    """Return the day after the last one of a season, by the row that holds on a day."""
    starts = _starts(found, day)
    return min(each for year in (day.year, day.year + 1) for one in starts if (each := _on(year, one)) > day)


def _on(year: int, start: dict[str, str]) -> date:
    return date.fromisoformat(f"{year}-{start['from']}")


def _begins(found: dict[str, Any], day: date) -> bool:
    return any(one["from"] == f"{day:%m-%d}" for one in _starts(found, day))


def _in_every_year(text: str) -> bool:
    try:
        date.fromisoformat(f"{_COMMON_YEAR}-{text}")
    except ValueError:
        return False
    return True
