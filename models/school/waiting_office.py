"""The line of a school as its staff and the bureau see it: positions and what they are counted by, no names."""

from typing import Any

from models.identity.actors import Staff
from models.school import offer_answer, waiting
from models.school import round as rounds

MOST = 100


def line(actor: Staff, round_code: str, code: str) -> dict[str, Any]:
    """Return the first of the line of a school, and how long it is.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such round, or no such school within the actor's scope.
    """
    offer_answer.reach_school(actor, "school.offer", code)
    found = waiting.ranked(rounds.read(round_code), code)
    return {"total": len(found), "items": [_shown(n, one) for n, one in enumerate(found[:MOST], 1)], "next": None}


def _shown(position: int, one: waiting.Waiting) -> dict[str, Any]:
    told = {
        "application_id": str(one.application),
        "position": position,
        "choice": one.place,
        "priority": one.priority,
    }
    return told if one.late else {**told, "lot": one.lot}
