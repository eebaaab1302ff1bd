"""Resources, their plans and prices going out under the headers of the imports, so that they can be imported again."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from backend import clock
from backend.sheets.columns import Sheet
from models.identity.actors import Staff
from models.places import place_export, plan_sheets, resource, resource_sheets, scope
from models.places.place import Place

OPERATION = place_export.OPERATION
_FEN = 100
_ABOUT = ("use", "players_least", "players_most", "hours_most", "guardian_below", "water")
_FLAGS = ("outdoor", "deep_water")
Found = dict[str, Any]


def lines(actor: Staff, sheet: Sheet) -> Iterator[list[Any]]:
    """Yield the lines of a sheet for the active resources of all places in the actor's scope.

    Plans and prices go out as they hold from today on; those that begin later with their day.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require(OPERATION)
    fields = {"unit": 1, "town_code": 1, "village_code": 1}
    places = Place._get_collection().find(scope.places(actor, OPERATION), fields).sort("rank", 1)
    for one in places.limit(place_export.MOST):
        if scope.reaches(actor, OPERATION, one):
            for found in resource.of_place(one["_id"]):
                for told in _ROWS[sheet.name](found):
                    yield [place_export.cell(column.choices, told.get(column.key)) for column in sheet.columns]


def _named(found: Found) -> Found:
    return {"place": found["place"], "resource": found["code"]}


def _resource(found: Found) -> Iterator[Found]:
    about = found.get("about") or {}
    flags = {name: "yes" if about[name] else "no" for name in _FLAGS if name in about}
    told = {name: found.get(name) for name in ("kind", "name_zh", "rank", "days_ahead")}
    yield {**told, **{name: about.get(name) for name in _ABOUT}, **flags, **_named(found)}


def _plan(found: Found) -> Iterator[Found]:
    today = clock.today().isoformat()
    for one in found.get("slots") or ():
        if (one.get("valid_to") or today) < today:
            continue
        told = {name: one.get(name) for name in ("start", "end", "quota", "day_kind")}
        told |= {"season_from": _later(one, today), "season_to": one.get("valid_to"), **(one.get("shares") or {})}
        texts = {"weekdays": plan_sheets.weekdays_zh(one.get("weekdays") or [])}
        texts |= {"prices": plan_sheets.prices_text(one.get("prices") or {})}
        texts |= {"ticket_types": "、".join(one.get("ticket_types") or ())}
        yield told | {name: text or None for name, text in texts.items()} | _named(found)


def _prices(found: Found) -> Iterator[Found]:
    """Yield of each ticket type the version that holds today, and those that begin later."""
    today = clock.today().isoformat()
    versions = {(one["code"], _later(one, today) or ""): one for one in found.get("ticket_types") or ()}
    for (_code, day), one in sorted(versions.items(), key=lambda each: each[0][1]):
        if (one.get("valid_to") or today) >= today:
            document = one.get("document_to_inspect")
            told = {**one, "valid_from": day or None, "price_fen": Decimal(one["price_fen"]) / _FEN}
            yield {**told, "document_to_inspect": resource_sheets.DOCUMENT_ZH.get(document, document), **_named(found)}


def _later(one: Found, today: str) -> str | None:
    """Return the day on which something begins that does not hold yet."""
    first = one.get("valid_from") or ""
    return first if first > today else None


_ROWS: dict[str, Callable[[Found], Iterator[Found]]] = {
    resource_sheets.RESOURCES.name: _resource,
    resource_sheets.PLANS.name: _plan,
    resource_sheets.PRICES.name: _prices,
}
SHEETS = tuple(kind.sheet for kind in resource_sheets.KINDS)
