"""What planning an itinerary assumes: speeds, how long a visit takes, when one eats. Data of the county, not code.

The model is simple and said in every plan: straight distance times a factor for the detour, divided by a speed.
"""

from typing import Any

from mongoengine import BooleanField, DictField, Document, StringField

from backend.store import documents

COUNTY = "county"


class ItineraryTerms(Document):
    """One record; `told` are the figures as `seed/county/itineraries.json` names them: minutes, kilometres an hour."""

    meta = {"collection": "itinerary_terms", "auto_create_index": False}
    id = StringField(primary_key=True)
    told = DictField()
    demo = BooleanField()


def seed(told: dict[str, Any]) -> None:
    """Put the terms where there are none."""
    record = {"told": {name: value for name, value in told.items() if name != "demo"}, "demo": told["demo"]}
    ItineraryTerms._get_collection().update_one({"_id": COUNTY}, {"$setOnInsert": record}, upsert=True)


def read() -> dict[str, Any]:
    """Return the terms.

    Raises:
        NotFound: none were put.
    """
    found = documents.one(ItineraryTerms, {"_id": COUNTY})
    return {**found["told"], "demo": bool(found.get("demo"))}


def minutes(clock_time: str) -> int:
    """Return the minute of the day of `HH:MM`."""
    return int(clock_time[:2]) * 60 + int(clock_time[3:])


def clock_time(minute: int) -> str:
    """Return `HH:MM` of a minute of the day."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def stay(terms: dict[str, Any], place: dict[str, Any], *, with_elder: bool, with_child: bool) -> int:
    """Return how many minutes a visit takes: longer with an elder, shorter with a child."""
    own = terms["stay_minutes_by_place"].get(place["_id"])
    usual = own or terms["stay_minutes_by_kind"].get(place.get("kind"), terms["stay_minutes"])
    if with_elder:
        return int(usual * terms["stay_percent_with_elder"] // 100)
    return int(usual * terms["stay_percent_with_child"] // 100) if with_child else int(usual)
