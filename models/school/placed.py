"""What the published draw of a round says of its applications, as offers and waiting lists read it."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.school import result
from models.school.result import SchoolResult

_WANTED = {"application": 1, "school": 1, "rank": 1, "position": 1, "kind": 1, "priority": 1, "tier": 1}


def published(found_round: Mapping[str, Any]) -> ObjectId | None:
    """Return the draw that counts in a round, None before the publication."""
    return found_round.get("draw") if found_round["state"] in {"published", "ended"} else None


def one(draw: ObjectId, application: ObjectId, session: ClientSession | None = None) -> dict[str, Any] | None:
    """Return the result of an application, None where it was not in the draw."""
    return SchoolResult._get_collection().find_one({"_id": result.result_id(draw, application)}, session=session)


def several(draw: ObjectId, applications: Iterable[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return the results of some applications, by application."""
    wanted = sorted(result.result_id(draw, each) for each in applications)
    found = SchoolResult._get_collection().find({"_id": {"$in": wanted}}, _WANTED)
    return {row["application"]: row for row in found}


def of_draw(draw: ObjectId) -> dict[ObjectId, dict[str, Any]]:
    """Return the results of a whole draw, by application: one index scan over the children of a round."""
    return {row["application"]: row for row in SchoolResult._get_collection().find({"draw": draw}, _WANTED)}
