"""The venues of sport: a made-up set for demonstrations, and the limits of pool water, which hold everywhere."""

from pathlib import Path
from typing import Any

import orjson

from models.places.place import Place
from models.places.resource import Resource, resource_id
from models.rules import parameters

FILE = Path(__file__).parent / "county" / "sport.json"
AFTER = 1_000
"""Rank of the first venue: after every place of the reference data."""


def _read() -> dict[str, Any]:
    return dict(orjson.loads(FILE.read_bytes()))


def limits() -> int:
    """Put the limits of pool water where there are none; return how many parameters."""
    told = _read()["parameters"]
    for one in told:
        parameters.seed(one)
    return len(told)


def venues() -> int:
    """Put the made-up venues and what they let; what staff changed is left. Return how many courts, lanes and pools."""
    told = _read()
    for rank, one in enumerate(told["places"], start=AFTER):
        plain = {name: value for name, value in one.items() if name != "id"}
        record = plain | {
            "rank": rank,
            "category": "venue",
            "aliases": [],
            "confidence": "low",
            "source": told["source"],
        }
        kept = (Place._get_collection().find_one({"_id": one["id"]}, {"kept": 1}) or {}).get("kept", [])
        mine = {n: v for n, v in (record | {"bookable": True, "demo": True, "closing": {}}).items() if n not in kept}
        Place._get_collection().update_one({"_id": one["id"]}, {"$set": mine}, upsert=True)
    for rank, one in enumerate(told["resources"]):
        made = {**one, "rank": rank, "state": "active", "demo": True}
        where = {"_id": resource_id(one["place"], one["code"])}
        Resource._get_collection().update_one(where, {"$setOnInsert": made}, upsert=True)
    return len(told["resources"])
