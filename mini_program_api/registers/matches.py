"""Matching oneself, and one's children, with the household register."""

from typing import Any

from flask import g

from backend import clock
from backend.errors import NotFound
from backend.http.access import resident
from backend.http.limits import strictly
from backend.http.surface import Surface
from mini_program_api.registers import schemas
from models.identity import companion
from models.registers import matching

matches = Surface("matches", __name__, url_prefix="/mini/v1", description="与户籍登记比对")
MATCH_LIMIT = "5/day"
"""Each try tells whether a name belongs to a number."""


@matches.post("/person/match", access=resident("declared"))
@matches.answer(200, schemas.MatchView)
def match() -> dict[str, Any]:
    """Compare the declared name and number with the household register, and reach the level `matched`."""
    strictly(MATCH_LIMIT, "register_match", str(g.actor.account_id))
    return {"raised": matching.match(g.actor), "level": "matched"}


@matches.post("/companions/<companion_id>/guardianship", access=resident("matched"))
@matches.answer(200, schemas.GuardianView)
def become_guardian(companion_id: str) -> dict[str, Any]:
    """Become the guardian of a child who stands in one's own household as a child."""
    strictly(MATCH_LIMIT, "register_guardian", str(g.actor.account_id))
    (child,) = companion.chosen(g.actor, [companion_id])
    if child is None:
        raise NotFound
    made = matching.become_guardian(g.actor, child.person_id)
    until = clock.civil(made["until"]).isoformat(timespec="seconds")
    return {"relation_id": str(made["_id"]), "state": made["state"], "until": until}
