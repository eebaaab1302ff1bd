"""What heals a review: one that never began, a decision that got lost, an answer that never came, cases left behind."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bson import ObjectId

from models.school import correction, points, review_start
from models.school.application import ApplicationMoved, SchoolApplication
from models.school.review import SchoolReview
from models.school.round import SchoolRound

BATCH = 200
_RUNNING_ROUNDS = ("open",)


def sweep() -> int:
    """Go through the rounds that are being reviewed; return how many applications were helped on."""
    rounds = [
        one["_id"] for one in SchoolRound._get_collection().find({"state": {"$in": list(_RUNNING_ROUNDS)}}, {"_id": 1})
    ]
    return sum(_round(code) for code in rounds) + _left_behind()


def _round(code: str) -> int:
    lost = {"points": {"$elemMatch": {"state": {"$in": ["open", "differs"]}, "case": {"$exists": False}}}}
    differing = {"points": {"$elemMatch": {"state": "differs", "difference": {"$exists": False}}}}
    settled = {"points": {"$not": {"$elemMatch": {"state": {"$nin": list(points.SETTLED)}}}}}
    begun = _ids({"round": code, "state": "submitted", "$or": [lost, differing, settled]})
    for one in begun:
        with suppress(ApplicationMoved):  # somebody else went on with it
            review_start.begin(one)
    for one in SchoolApplication._get_collection().find({"round": code, "state": "to_correct"}, {"_id": 1}):
        with suppress(ApplicationMoved):  # the family came first
            correction.lapse(one["_id"])
    return len(begun)


def _ids(query: Mapping[str, Any]) -> list[ObjectId]:
    found = SchoolApplication._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(BATCH)
    return [one["_id"] for one in found]


def _left_behind() -> int:
    """End the cases of applications that were withdrawn while they were reviewed."""
    held = SchoolReview._get_collection().find({"open": True}, {"_id": 1}).sort("_id", 1).limit(BATCH)
    ids = [one["_id"] for one in held]
    query = {"_id": {"$in": ids}, "state": {"$nin": ["submitted", "to_correct"]}}
    gone = _ids(query) if ids else []
    for one in gone:
        review_start.end_cases(one)
    return len(gone)
