"""What keeps the search records like the things themselves: one thing after its change, or all of them.

A change of a place carries the entry `tourism.index_place` in its own write, content `tourism.index_content`, due when
it begins and ends to be shown. The guide is gone through every few minutes besides, and what is not shown is never
answered. Whoever puts a record reads the thing once more afterwards: had it changed meanwhile, the older of two workers
would else write last.
"""

from collections.abc import Iterable
from typing import Any

from models.places.place import FOUND_BY, Place
from models.tourism import search_guide, search_term
from models.tourism.search_term import SearchTerm, Told

_BATCH = 200
OF_PLACES = ("place", "venue")


def place(place_id: str) -> None:
    """Bring the search record of a place up to what the place is; repeating it changes nothing."""
    seen: dict[str, Any] | None = {}
    while (found := Place._get_collection().find_one({"_id": place_id}, _fields())) != seen:
        _put(place_id, found)
        seen = found


def content(kind: str, ref: str) -> None:
    """Bring the search record of a point, route or exhibit up to what is shown; repeating it changes nothing."""
    seen: Told | None = Told("", -1)
    while (found := search_guide.one(kind, ref)) != seen:
        search_term.put(kind, ref, found) if found else search_term.drop(kind, ref)
        seen = found


def _fields() -> dict[str, int]:
    return dict.fromkeys(FOUND_BY, 1)


def _put(place_id: str, found: dict[str, Any] | None) -> None:
    """Put a place under its one kind, a hidden or missing one under none."""
    kind = _kind(found) if found and found["rank"] >= 0 else ""
    for other in OF_PLACES:
        if other != kind:
            search_term.drop(other, place_id)
    if found and kind:
        search_term.put(kind, place_id, _told(found))


def _kind(found: dict[str, Any]) -> str:
    return "place" if (found.get("category") or "sight") == "sight" else "venue"


def _told(found: dict[str, Any]) -> Told:
    at = found.get("geo") or {}
    known = [found.get("heritage"), found.get("address"), *(found.get("facts") or ())]
    return Told(
        found["name"],
        found["rank"],
        aliases=tuple(found.get("aliases") or ()),
        type=found.get("kind") or "",
        town=found.get("town") or "",
        facts=tuple(one for one in known if one),
        geo={"lon": at["lon"], "lat": at["lat"]} if at else {},
    )


def guide() -> int:
    """Make the records of the guide again and drop what is not shown any more; return how many there are."""
    kept = set()
    for kind, ref, told in search_guide.everything():
        search_term.put(kind, ref, told)
        kept.add(f"{kind}:{ref}")
    for kind, ref in _others(kept, search_guide.CONTENT):
        content(kind, ref)
    return len(kept)


def rebuild() -> int:
    """Make all records again and drop those whose thing is gone; return how many there are."""
    kept = set()
    for found in Place._get_collection().find({"rank": {"$gte": 0}}, _fields()).batch_size(_BATCH):
        _put(found["_id"], found)
        kept.add(f"{_kind(found)}:{found['_id']}")
    for kind, ref in _others(kept, OF_PLACES):
        search_term.drop(kind, ref)
        place(ref)
    return len(kept) + guide()


def _others(kept: set[str], kinds: Iterable[str]) -> list[tuple[str, str]]:
    """Return kind and id of the records that were not put; they are looked at once more, for they may be new."""
    told = []
    for kind in kinds:
        beginning = {"$gte": f"{kind}:", "$lt": f"{kind};"}
        found = SearchTerm._get_collection().find({"_id": beginning}, {"ref": 1}).batch_size(_BATCH)
        told += [(kind, one["ref"]) for one in found if one["_id"] not in kept]
    return told
