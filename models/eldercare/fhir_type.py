"""What the FHIR interface must know of one type of resources that lie in a collection of the health record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import Document

from models.eldercare.source import Source
from models.fhir.searching import Asked, Kind


@dataclass(frozen=True)
class FhirType:
    """One type.

    `shows` is how access lines call its facts. `kept` are the elements that are stored, `replaced` those that may come
    in and are told by the server instead. `read_in` makes the document of a resource, without storing it; `told` makes
    the resource of a document. `query` is the part of a search that the store answers, `fits` the part that needs the
    resource. `changes` is the update by which a correction makes the document that stands say what a new one says.
    `word` and `item` are where a document names what an elder may hide: the kind or code, and the fact itself.
    """

    name: str
    shows: str
    document: type[Document]
    search: Mapping[str, Kind]
    sorted_by: str
    kept: tuple[str, ...]
    read_in: Callable[[dict[str, Any], ObjectId, Source], dict[str, Any]]
    told: Callable[[Mapping[str, Any]], dict[str, Any]]
    query: Callable[[Asked], dict[str, Any]]
    fits: Callable[[Mapping[str, Any], Asked], bool]
    changes: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]
    word: str
    item: str = "_id"
    replaced: tuple[str, ...] = ()
    patient: str = "subject"
    constant: tuple[str, ...] = ()
    """Fields of the document that a correction may not change."""
    updates: bool = True
    only: Mapping[str, Any] = field(default_factory=dict)
    """What tells documents of this type from others of the collection."""

    @property
    def collection(self) -> str:
        """Return the name of the collection."""
        return str(self.document._get_collection_name())


def within(asked: Asked, name: str, path: str = "at") -> list[dict[str, Any]]:
    """Return the conditions of a date parameter on a field."""
    return [{path: bounds} for bounds in map(_bounds, asked.ranges.get(name, ())) if bounds]


def _bounds(told: Any) -> dict[str, datetime]:
    sides = {"$gte": told.start, "$lt": told.end}
    return {side: moment for side, moment in sides.items() if moment is not None}


def updated(asked: Asked) -> list[dict[str, Any]]:
    """Return the conditions of `_lastUpdated`: when it was changed, else when it was stored."""
    changed = [{"$and": [{"changed_at": {"$exists": True}}, *within(asked, "_lastUpdated", "changed_at")]}]
    stored = [{"$and": [{"changed_at": {"$exists": False}}, *within(asked, "_lastUpdated", "recorded_at")]}]
    return [{"$or": changed + stored}] if asked.ranges.get("_lastUpdated") else []
