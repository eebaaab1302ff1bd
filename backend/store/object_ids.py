"""Ids of records as they stand in paths and queries."""

from bson import ObjectId

from backend.errors import NotFound


def read(text: str) -> ObjectId:
    """Return the id that a text spells.

    Raises:
        NotFound: it spells none, so there is no such record.
    """
    if not ObjectId.is_valid(text):
        raise NotFound
    return ObjectId(text)
