"""Access lines as the person sees them whose data were looked at. Plain dicts."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from backend.store import paging
from models.audit.access_line import AccessLine

_TOLD = ("at", "who", "unit", "purpose", "case", "fields")


def about(subjects: Sequence[ObjectId], *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the lines about any of these persons, newest first, as they lie in the store."""
    return paging.page(
        AccessLine._get_collection(),
        {"subjects": {"$in": list(subjects)}},
        sort=("_id", -1),
        cursor=cursor,
        limit=limit,
        projection=_told(subjects),
    )


def one_about(line_id: ObjectId, subjects: Sequence[ObjectId]) -> dict[str, Any] | None:
    """Return one line, only when it is about one of these persons."""
    query = {"_id": line_id, "subjects": {"$in": list(subjects)}}
    return AccessLine._get_collection().find_one(query, _told(subjects))


def _told(subjects: Sequence[ObjectId]) -> dict[str, Any]:
    """Return what is read of a line; of an export's thousands of persons only those who ask."""
    return dict.fromkeys(_TOLD, 1) | {"subjects": {"$setIntersection": ["$subjects", list(subjects)]}}
