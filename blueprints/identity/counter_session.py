"""The header by which a clerk says who stands at the counter."""

from bson import ObjectId
from flask import g, request

from models.identity import counter
from models.identity.counter import HEADER, Serving

SESSION_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "窗口接待编号:办事人已出示证件并在场,15 分钟内有效",
    "schema": {"type": "string", "example": "673ec0a5c0ffee0123456789"},
}
"""How a route that needs the person present describes it."""


def standing_here(for_person: ObjectId | None = None, *, scope: str = "affairs") -> Serving:
    """Return who stands at the acting clerk's counter, for themselves or for whom they may do `scope`.

    Raises:
        CounterSessionOver: nobody does by the request's session.
        NotStandingHere: it is somebody else, without a relation.
    """
    return counter.require(g.actor, request.headers.get(HEADER, ""), for_person, scope=scope)
