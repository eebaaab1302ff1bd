"""Indexes are built before traffic, from the documents that declare them."""

from mongoengine import Document


def documents() -> list[type[Document]]:
    """Return all document classes that were imported, by collection."""
    found = [kind for kind in Document.__subclasses__() if not kind._meta.get("abstract")]
    return sorted(found, key=lambda kind: kind._meta["collection"])


def ensure() -> int:
    """Make the collections and indexes of all documents; what is there already stays. Return how many kinds."""
    for kind in documents():
        kind.ensure_indexes()
    return len(documents())
