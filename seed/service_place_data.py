"""Places where matters are settled at a booked time: made up for the demonstration, until their offices give theirs."""

from pathlib import Path
from typing import Any

import orjson

from models.places.place import Place

FILE = Path(__file__).parent / "county" / "service_places.json"


def places(*, after: int) -> int:
    """Put the places, ranked after `after`, without what staff changed; return how many there are."""
    found: list[dict[str, Any]] = orjson.loads(FILE.read_bytes())["places"]
    for rank, told in enumerate(found, start=after):
        changed = Place._get_collection().find_one({"_id": told["id"]}, {"kept": 1}) or {}
        record = {name: value for name, value in told.items() if name not in {"id", *changed.get("kept", [])}}
        Place._get_collection().update_one({"_id": told["id"]}, {"$set": {**record, "rank": rank}}, upsert=True)
    return len(found)
