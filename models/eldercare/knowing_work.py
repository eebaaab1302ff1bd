"""What programmes add to the work list of the day: visits that are due. Importing this module adds it."""

from datetime import datetime, timedelta

from bson import ObjectId

from backend import clock
from models.eldercare import programme, subject
from models.eldercare.subject import HealthSubject
from models.eldercare.work_parts import Due, Reach, part

MOST_ELDERS = 3000
"""A village clinic or a home cares for some hundreds; the list of a doctor of many is cut at those seen last."""


@part("follow_ups", "慢病随访")
def follow_ups(reach: Reach, until: datetime, most: int) -> list[Due]:
    """Return the visits whose day is over until then, the earliest first."""
    last = clock.civil(until).date() - timedelta(days=1)
    return [
        Due(
            one["subject"],
            clock.at(clock.date_of(one["next_visit"]) + timedelta(days=1), 0),
            one["disease"],
            f"{programme.DISEASES[one['disease']]}{programme.TODO_ZH[one['state']]}",
            str(one["_id"]),
        )
        for one in programme.due(_elders(reach), last, most)
    ]


def _elders(reach: Reach) -> list[ObjectId] | None:
    if reach is None:
        return None
    found = HealthSubject._get_collection().find(subject.reached(reach), {"_id": 1})
    return [one["_id"] for one in found.sort([("latest", -1), ("_id", -1)]).limit(MOST_ELDERS)]
