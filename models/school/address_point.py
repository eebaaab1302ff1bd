"""An address point (门牌点): a standard address and where its door is, in WGS-84."""

from collections.abc import Iterable, Mapping
from typing import Any

from mongoengine import Document, IntField, ListField, StringField
from pymongo import ReplaceOne
from pymongo.client_session import ClientSession

from backend import clock, geo
from backend.store import paging, transactions
from models.identity import staff
from models.identity.actors import Staff

COLLECTION = "address_points"
NUMBER = r"[1-9][0-9]{0,4}(-[1-9][0-9]{0,2})?"
MOST_ROWS = 20_000
DATUM_ZH = {"wgs84": "WGS-84", "gcj02": "GCJ-02(火星坐标)"}
_SHOWN = {"street": 1, "number": 1, "house": 1, "town": 1, "village": 1, "point": 1}


class AddressPoint(Document):
    """The id is `<town>:<street>:<number>`; `number` is 12 or 12-3, `house` its first part as a number."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["town", "street", "number"], "unique": True},
            {"fields": ["street", "house", "number"]},
            {"fields": ["village", "_id"]},
        ],
    }
    id = StringField(primary_key=True)
    street = StringField(required=True)
    number = StringField(required=True)
    house = IntField(required=True)
    town = StringField(required=True)
    village = StringField()
    point = ListField(required=True)
    source = StringField()


def record(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an address point as it is stored; a position in GCJ-02 (`datum`) becomes WGS-84."""
    lon, lat = told["point"]
    if told.get("datum") == "gcj02":
        lon, lat = (round(one, 7) for one in geo.to_wgs84(lon, lat))
    return {
        "_id": f"{told['town']}:{told['street']}:{told['number']}",
        **{name: told[name] for name in ("street", "number", "town")},
        "house": int(told["number"].split("-")[0]),
        "village": told.get("village") or "",
        "point": [lon, lat],
        "source": told.get("source") or "",
    }


def put(actor: Staff, told: Mapping[str, Any]) -> None:
    """Put an address point; the same again changes nothing. The import that brings it is what the audit names.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
    """
    actor.require("school.plan")
    found = record(told)
    asked = {"at": clock.now()}

    def write(session: ClientSession) -> None:
        staff.require_acting(actor, asked, session)
        points = AddressPoint._get_collection()
        if points.find_one({"_id": found["_id"]}, session=session) != found:
            points.replace_one({"_id": found["_id"]}, found, upsert=True, session=session)

    transactions.run(write)


def put_all(rows: Iterable[Mapping[str, Any]]) -> int:
    """Put address points of the reference data; return how many."""
    found = [record(one) for one in rows]
    AddressPoint._get_collection().bulk_write([ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in found])
    return len(found)


def at(street: str, house: int) -> list[dict[str, Any]]:
    """Return the points of a house in all towns, the house before its parts."""
    query = {"street": street, "house": house}
    return list(AddressPoint._get_collection().find(query, _SHOWN).sort("number", 1).limit(100))


def of_streets(streets: Iterable[str]) -> list[dict[str, Any]]:
    """Return all points of some streets."""
    query = {"street": {"$in": sorted(set(streets))}}
    return list(AddressPoint._get_collection().find(query, _SHOWN).limit(10 * MOST_ROWS))


def known_streets(among: Iterable[str] | None = None) -> set[str]:
    """Return the names of streets that have points, those of `among` or all."""
    match: dict[str, Any] = {"street": {"$gt": ""} if among is None else {"$in": sorted(set(among))}}
    stages = [{"$match": match}, {"$group": {"_id": "$street"}}]
    return {one["_id"] for one in AddressPoint._get_collection().aggregate(stages)}


def of_towns(towns: Iterable[str]) -> list[dict[str, Any]]:
    """Return all points of some towns, by street and house."""
    query = {"town": {"$in": sorted(set(towns))}}
    found = AddressPoint._get_collection().find(query, _SHOWN).limit(10 * MOST_ROWS)
    return sorted(found, key=lambda one: (one["town"], one["street"], one["house"], one["number"]))


def page(street: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the points of a street, by house."""
    points = AddressPoint._get_collection()
    return paging.page(points, {"street": street}, sort=("house", 1), cursor=cursor, limit=limit, projection=_SHOWN)
