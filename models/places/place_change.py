"""What an office changes of a place: its data, opening hours, prices and plan of slots.

Each change is one transaction with its audit entry; the same again changes nothing and writes nothing. Slots that are
open keep the prices and terms that they were opened with, and so does every order: a change holds for slots opened
later. `kept` names what was changed here, so that putting the reference data again leaves it alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.client_session import ClientSession

from backend import outbox
from backend.errors import NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity.actors import Staff
from models.places import demo_parts, scope
from models.places.area import Area
from models.places.place import FOUND_BY, Place, changed
from models.places.plan_change import DOCUMENTS

OPERATION = "sheet.places"
AFTER_ALL = 100_000
"""Rank of places that the reference data do not know: after those, by id."""
Changed = dict[str, Any]


class AreaUnknown(Unprocessable):
    """422: there is no such area."""

    code = "area_unknown"
    zh = "没有这个区划代码,请核对后再填。"
    en = "There is no area with this code."

    def __init__(self) -> None:
        super().__init__(fields={"town_code": [self.zh]})


def put(actor: Staff, place_id: str, told: dict[str, Any]) -> None:
    """Make a place, or change what `told` names of it; a missing value leaves what is there.

    Raises:
        NotFound: it lies outside the actor's scope.
        AreaUnknown: its town is not one of the county.
    """
    named = {name: value for name, value in told.items() if value is not None}
    if town := named.get("town_code"):
        found = Area._get_collection().find_one({"_id": town, "level": "town"})
        if found is None:
            raise AreaUnknown
        named["town"] = found["name"]
    actor.require(OPERATION)
    if Place._get_collection().find_one({"_id": place_id}, {"_id": 1}) is None:
        _make(actor, place_id, named)
    change(actor, place_id, "place.change", lambda _found: named)


def _make(actor: Staff, place_id: str, named: dict[str, Any]) -> None:
    area = named.get("village_code") or named.get("town_code") or ""
    if not actor.covers(OPERATION, unit=named.get("unit") or "", area=area):
        raise NotFound
    fresh = {
        "rank": AFTER_ALL,
        "bookable": False,
        "confidence": "high",
        "aliases": [],
        "facts": [],
        "kept": sorted(named),
    }
    source = [{"title": "单位报送的表格", "unit": actor.unit}]
    line = entry.line(actor.key, "place.create", f"place:{place_id}", unit=actor.unit)
    told = changed(place_id)

    def write(session: ClientSession) -> None:
        made = {"$setOnInsert": {**fresh, "source": source, "outbox": [told], **named}}
        if Place._get_collection().update_one({"_id": place_id}, made, upsert=True, session=session).upserted_id:
            entry.write(line, session)

    transactions.run(write)


def put_hours(actor: Staff, place_id: str, weekly: dict[str, Any], *, season: tuple[str, str] | None) -> None:
    """Set the week of a place, or that of a season from one MM-DD to another (over the new year too).

    Raises:
        NotFound: no such place in the actor's scope.
    """
    told = {"weekly": weekly, "season": season}
    change(actor, place_id, "place.hours", lambda found: with_hours(found, told))


def with_hours(found: Mapping[str, Any], told: Mapping[str, Any]) -> Changed:
    """Return the hours of a place with another week of the year, or of a season; and its closing days where told."""
    changed: Changed = {}
    if told.get("closing") is not None:
        changed["closing"] = {**told["closing"], "demo": False}
    if told.get("weekly") is None:
        return changed
    opening, season = dict(found.get("opening") or {}), told.get("season")
    if season is None:
        return changed | {"opening": {**opening, "weekly": told["weekly"], "demo": False}}
    mine = {"from": season[0], "to": season[1], "weekly": told["weekly"]}
    others = [one for one in opening.get("seasons", []) if (one["from"], one["to"]) != tuple(season)]
    seasons = sorted([*others, mine], key=lambda one: (one["from"], one["to"]))
    return changed | {"opening": {"weekly": {}, **opening, "seasons": seasons, "demo": False}}


def put_price(actor: Staff, place_id: str, ticket: dict[str, Any]) -> None:
    """Set the price of a ticket type from a day on; earlier prices stay for slots of earlier days.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    known = ("code", "name_zh", "price_fen", "min_age", "max_age", "document_to_inspect")
    wanted = {name: ticket.get(name) for name in known} | {"valid_from": ticket.get("valid_from") or ""}

    def told(found: dict[str, Any]) -> Changed:
        types = list(found.get("ticket_types") or [])
        same = [n for n, one in enumerate(types) if _version(one) == (wanted["code"], wanted["valid_from"])]
        if same:
            types[same[0]] = {**types[same[0]], **wanted, "demo": False}
        else:
            before: dict[str, Any] = next((one for one in reversed(types) if one["code"] == wanted["code"]), {})
            types.append({"identity_documents": DOCUMENTS, "name_en": "", **before, **wanted, "demo": False})
        return {"ticket_types": types}

    change(actor, place_id, "place.price", told, code=wanted["code"], price_fen=wanted["price_fen"])


def _version(ticket: dict[str, Any]) -> tuple[str, str]:
    return ticket["code"], ticket.get("valid_from") or ""


def change(
    actor: Staff, place_id: str, action: str, told_of: Callable[[dict[str, Any]], Changed], **details: Any
) -> None:
    """Change the fields of a place that `told_of` returns; the same again writes nothing.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    unit = scope.place(actor, OPERATION, place_id).get("unit") or ""
    line = entry.line(actor.key, action, f"place:{place_id}", unit=unit, **details)
    follows = changed(place_id)

    def write(session: ClientSession) -> None:
        found = Place._get_collection().find_one({"_id": place_id}, session=session) or {}
        told = {name: value for name, value in told_of(found).items() if found.get(name) != value}
        if not told:
            return
        if found.get("demo") and demo_parts.concerns(told) and not demo_parts.of(found | told):
            told["demo"] = False
        update: Changed = {"$set": told, "$addToSet": {"kept": {"$each": sorted(told)}}}
        update |= {"$push": {"outbox": follows}} if FOUND_BY & set(told) else {}
        Place._get_collection().update_one({"_id": place_id}, update, session=session)
        entry.write(line, session)

    transactions.run(write)
    outbox.wake("reports")
