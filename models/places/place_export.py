"""Places going out as tables: under the headers of the imports, so that what was exported can be imported again."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from backend import clock
from backend.sheets.columns import Sheet
from models.identity.actors import Staff
from models.places import place_sheets, plan_sheets, scope
from models.places.opening import WEEKDAYS
from models.places.place import Place

OPERATION = "place.read"
MOST = 10_000
_FEN = 100
Found = dict[str, Any]
Line = list[Any]


def lines(actor: Staff, sheet: Sheet) -> Iterator[Line]:
    """Yield the lines of a sheet for all places in the actor's scope, by rank.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require(OPERATION)
    rows = _ROWS[sheet.name]
    query = scope.places(actor, OPERATION)
    hidden = {"notices": 0, "outbox": 0, "facts": 0, "source": 0}
    for found in Place._get_collection().find(query, hidden).sort("rank", 1).limit(MOST):
        if scope.reaches(actor, OPERATION, found):
            for told in rows(found):
                yield [cell(column.choices, told.get(column.key)) for column in sheet.columns]


def cell(choices: Any, value: Any) -> Any:
    """Return a value as the import reads it: a choice by its word."""
    return next((word for word, meant in choices.items() if meant == value), value) if choices else value


def _place(found: Found) -> Iterator[Found]:
    at = found.get("geo") or {}
    told = {name: found.get(name) for name in ("name", "kind", "level", "town_code", "address", "unit", "phone")}
    yield {
        **told,
        "place": found["_id"],
        "category": found.get("category") or "sight",
        "aliases": "、".join(found.get("aliases") or ()),
        "bookable": "yes" if found.get("bookable") else "no",
        "lon": _degrees(at.get("lon")),
        "lat": _degrees(at.get("lat")),
        "datum": (at.get("datum") or "unknown") if at else None,
    }


def _degrees(value: float | None) -> str | None:
    return None if value is None else repr(value)


def _hours(found: Found) -> Iterator[Found]:
    told = found.get("opening") or {}
    weeks: list[tuple[dict[str, str], Any]] = [({}, told["weekly"])] if told.get("weekly") else []
    seasons = [({"season_from": one["from"], "season_to": one["to"]}, one["weekly"]) for one in told.get("seasons", [])]
    for season, week in [*weeks, *seasons]:
        days = {day: "、".join(f"{one['open']}-{one['close']}" for one in week.get(day, [])) for day in WEEKDAYS}
        yield {"place": found["_id"], **season, **{day: text or "闭馆" for day, text in days.items()}}


def _prices(found: Found) -> Iterator[Found]:
    for one in found.get("ticket_types") or ():
        yield {**one, "place": found["_id"], "price_fen": Decimal(one["price_fen"]) / _FEN}


def _slot_plans(found: Found) -> Iterator[Found]:
    today = clock.today().isoformat()
    for one in found.get("slots") or ():
        if (one.get("valid_to") or today) < today:
            continue
        told = {name: one.get(name) for name in ("start", "end", "quota", "day_kind")}
        told |= {"season_from": one.get("valid_from"), "season_to": one.get("valid_to"), **(one.get("shares") or {})}
        texts = {"weekdays": plan_sheets.weekdays_zh(one.get("weekdays") or [])}
        texts["prices"] = plan_sheets.prices_text(one.get("prices") or {})
        yield told | {name: text or None for name, text in texts.items()} | {"place": found["_id"]}


def _caps(found: Found) -> Iterator[Found]:
    for one in _coming(found.get("daily_caps")):
        yield {**one, "place": found["_id"]}


def _refunds(found: Found) -> Iterator[Found]:
    for one in _coming(found.get("refund_versions")):
        yield {**one, "rows": plan_sheets.rows_text(one["rows"]), "place": found["_id"]}


def _coming(versions: Any) -> Iterator[Found]:
    """Yield dated rows that hold from today on; what began before does so from today, as an import takes it."""
    today = clock.today().isoformat()
    for one in versions or ():
        if (one.get("valid_to") or today) >= today:
            yield {**one, "valid_from": max(one.get("valid_from") or today, today)}


_ROWS: dict[str, Callable[[Found], Iterator[Found]]] = {
    place_sheets.PLACES.name: _place,
    place_sheets.HOURS.name: _hours,
    place_sheets.PRICES.name: _prices,
    plan_sheets.SLOT_PLANS.name: _slot_plans,
    plan_sheets.DAILY_CAPS.name: _caps,
    plan_sheets.REFUND_RULES.name: _refunds,
}
SHEETS = tuple(kind.sheet for kind in (*place_sheets.KINDS, *plan_sheets.KINDS))
