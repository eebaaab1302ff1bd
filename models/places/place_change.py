"""What an office changes of a place: its data, opening hours, prices and plan of slots.

Each change is one transaction with its audit entry; the same again changes nothing and writes nothing. Slots that are
open keep the prices and terms that they were opened with, and so does every order: a change holds for slots opened
later. `kept` names what was changed here, so that putting the reference data again leaves it alone.
"""

from collections.abc import Callable
from typing import Any

from pymongo.client_session import ClientSession

from backend.errors import NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity.actors import Staff
from models.places import scope
from models.places.area import Area
from models.places.place import Place

OPERATION = "sheet.places"
AFTER_ALL = 100_000
"""Rank of places that the reference data do not know: after those, by id."""
DOCUMENTS = ["resident_id", "passport", "hk_macao_permit", "taiwan_permit", "foreign_permanent_residence"]
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
    _change(actor, place_id, "place.change", lambda _found: named)


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

    def write(session: ClientSession) -> None:
        made = {"$setOnInsert": {**fresh, "source": source, **named}}
        if Place._get_collection().update_one({"_id": place_id}, made, upsert=True, session=session).upserted_id:
            entry.write(line, session)

    transactions.run(write)


def put_hours(actor: Staff, place_id: str, weekly: dict[str, Any], *, season: tuple[str, str] | None) -> None:
    """Set the week of a place, or that of a season from one MM-DD to another (over the new year too).

    Raises:
        NotFound: no such place in the actor's scope.
    """

    def change(found: dict[str, Any]) -> Changed:
        opening = dict(found.get("opening") or {})
        if season is None:
            return {"opening": {**opening, "weekly": weekly, "demo": False}}
        told = {"from": season[0], "to": season[1], "weekly": weekly}
        others = [one for one in opening.get("seasons", []) if (one["from"], one["to"]) != season]
        seasons = sorted([*others, told], key=lambda one: (one["from"], one["to"]))
        return {"opening": {"weekly": {}, **opening, "seasons": seasons, "demo": False}}

    _change(actor, place_id, "place.hours", change)


def put_price(actor: Staff, place_id: str, ticket: dict[str, Any]) -> None:
    """Set the price of a ticket type from a day on; earlier prices stay for slots of earlier days.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    known = ("code", "name_zh", "price_fen", "min_age", "max_age", "document_to_inspect")
    wanted = {name: ticket.get(name) for name in known} | {"valid_from": ticket.get("valid_from") or ""}

    def change(found: dict[str, Any]) -> Changed:
        types = list(found.get("ticket_types") or [])
        same = [n for n, one in enumerate(types) if _version(one) == (wanted["code"], wanted["valid_from"])]
        if same:
            types[same[0]] = {**types[same[0]], **wanted, "demo": False}
        else:
            before: dict[str, Any] = next((one for one in reversed(types) if one["code"] == wanted["code"]), {})
            types.append({"identity_documents": DOCUMENTS, "name_en": "", **before, **wanted, "demo": False})
        return {"ticket_types": types}

    _change(actor, place_id, "place.price", change, code=wanted["code"], price_fen=wanted["price_fen"])


def _version(ticket: dict[str, Any]) -> tuple[str, str]:
    return ticket["code"], ticket.get("valid_from") or ""


def put_slot_plan(actor: Staff, place_id: str, start: str, end: str, quota: int) -> None:
    """Set the quota of a daily slot from now on; none takes it out of the plan. Slots that are open stay as they are.

    Raises:
        NotFound: no such place in the actor's scope.
    """

    def change(found: dict[str, Any]) -> Changed:
        others = [one for one in found.get("slots") or [] if one["start"] != start]
        told = [{"start": start, "end": end, "quota": quota, "demo": False}] if quota else []
        return {"slots": sorted([*others, *told], key=lambda one: one["start"])}

    _change(actor, place_id, "place.slot_plan", change, start=start, quota=quota)


def _change(
    actor: Staff, place_id: str, action: str, change: Callable[[dict[str, Any]], Changed], **details: Any
) -> None:
    unit = scope.place(actor, OPERATION, place_id).get("unit") or ""
    line = entry.line(actor.key, action, f"place:{place_id}", unit=unit, **details)

    def write(session: ClientSession) -> None:
        found = Place._get_collection().find_one({"_id": place_id}, session=session) or {}
        told = {name: value for name, value in change(found).items() if found.get(name) != value}
        if not told:
            return
        update = {"$set": told, "$addToSet": {"kept": {"$each": sorted(told)}}}
        Place._get_collection().update_one({"_id": place_id}, update, session=session)
        entry.write(line, session)

    transactions.run(write)
