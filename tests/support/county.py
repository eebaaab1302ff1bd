"""The county's data, put once through the seed and then from memory, which takes a fiftieth of the time."""

from typing import Any

from mongoengine.connection import get_db

from backend import clock
from backend.store import indexes
from seed import county_data

_kept: dict[str, dict[str, list[dict[str, Any]]]] = {}


def put() -> None:
    """Fill empty collections as `seed county` with demonstration data does today."""
    today = clock.today().isoformat()
    if today not in _kept:
        county_data.load(with_demo=True)
        names = [kind._get_collection_name() for kind in indexes.documents()]
        found = {name: list(get_db()[name].find()) for name in names}
        _kept[today] = {name: documents for name, documents in found.items() if documents}
        return
    for name, documents in _kept[today].items():
        get_db()[name].insert_many(documents, ordered=False)
