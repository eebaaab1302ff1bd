"""A case whose matter was put anew elsewhere: it ends as withdrawn, by the system, and its clocks with it."""

from typing import Any

from bson import ObjectId

from backend import clock
from models.affairs import case
from models.affairs.case import Move


def overtake(case_id: ObjectId, by: str) -> dict[str, Any]:
    """End a running case that another one has overtaken; one that is over stays as it is. Nothing settles with it.

    Raises:
        NotFound: no such case.
        CaseMoved: it moved again and again meanwhile.
    """

    def move(found: dict[str, Any]) -> Move | None:
        if found["state"] not in case.RUNNING:
            return None
        ended = {"state": "withdrawn", "closed_at": clock.now()}
        return Move("overtaken", by, set=ended, unset=("work", "pause", "once", "matter", "beat"))

    return case.change(case_id, move)
