"""The dashboard of a round for the bureau, and of one's own school for its staff."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.school import offer_schemas as schemas
from models.school import board as views

board = Surface("office school board", __name__, url_prefix="/office/v1/school", description="招生看板")


@board.get("/rounds/<round_code>/board", access=staff("school.report"))
@board.answer(200, schemas.SchoolBoardView)
def read_board(round_code: str) -> dict[str, Any]:
    """A round at a glance: the funnel, every school, open appeals with their clocks."""
    return views.shown(g.actor, round_code)
