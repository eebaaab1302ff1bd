"""Indexes are built before traffic, from the documents that declare them."""

from collections.abc import Callable, Iterator
from typing import Any

from mongoengine import Document
from pymongo import IndexModel
from pymongo.errors import OperationFailure

from backend.errors import CityError

_OPTIONS = ("unique", "sparse", "expireAfterSeconds", "partialFilterExpression")
_CONFLICTS = (85, 86)
"""IndexOptionsConflict, IndexKeySpecsConflict"""


class IndexDiffers(CityError):
    """An index of the same name or fields is there with other options: a migration must drop it first."""

    code = "index_differs"
    zh = "索引与声明不一致,需要迁移脚本处理:{name}"
    en = "An index differs from its declaration; a migration must drop it first: {name}"

    def __str__(self) -> str:
        return self.message("en")


def documents() -> list[type[Document]]:
    """Return all document classes that were imported, by collection."""
    found = [kind for kind in Document.__subclasses__() if not kind._meta.get("abstract")]
    return sorted(found, key=lambda kind: kind._meta["collection"])


def ensure(progress: Callable[[str, int, int], None] = lambda _name, _done, _total: None) -> int:
    """Make the collections and indexes of all documents; what is there already stays. Return how many kinds.

    Raises:
        IndexDiffers: one is there with other options.
    """
    kinds = documents()
    for number, kind in enumerate(kinds, 1):
        name = kind._get_collection_name()
        try:
            kind.ensure_indexes()
        except OperationFailure as refused:
            if refused.code not in _CONFLICTS:
                raise
            raise IndexDiffers(name=name) from refused
        progress(name, number, len(kinds))
    return len(kinds)


def missing() -> list[str]:
    """Return the declared indexes that are not in the store, or not with their options, as `collection.index`."""
    found = []
    for kind in documents():
        # Not by `_get_collection`, which makes a time series where there is none: a check writes nothing.
        there = kind._get_db()[kind._get_collection_name()].index_information()
        for name, options in _declared(kind):
            if name not in there or any(there[name].get(option) != value for option, value in options.items()):
                found.append(f"{kind._get_collection_name()}.{name}")
    return found


def _declared(kind: type[Document]) -> Iterator[tuple[str, dict[str, Any]]]:
    for spec in kind._meta["index_specs"]:
        told = {name: value for name, value in spec.items() if name not in {"fields", "cls"}}
        made = IndexModel(spec["fields"], **told).document
        yield made["name"], {option: made[option] for option in _OPTIONS if made.get(option)}
