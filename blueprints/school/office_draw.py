"""Drawing a round in the bureau: trial, freezing, thawing, seed, computing again, publishing."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from models.school import draw_compute, draw_views, enter_seed, freeze, publish, thaw, trial
from models.school import draw_forms as schemas
from models.school.seed_source import Source

draws = Surface("office school draws", __name__, url_prefix="/office/v1/school", description="入学派位")
DRAW = staff("school.draw")


@draws.get("/rounds/<round_code>/draw", access=staff("school.read"))
@draws.answer(200, schemas.SchoolOfficeRoundDrawView)
def read_draws(round_code: str) -> dict[str, Any]:
    """The draws of a round with their files, digests and what waits; measures for who draws, or once published."""
    return draw_views.of_office(g.actor, round_code)


@draws.get("/rounds/<round_code>/draw/trial", access=DRAW)
@draws.arguments(schemas.SchoolTrialQuery, location="query")
@draws.answer(200, schemas.SchoolTrialView)
def try_both(query: dict[str, int], round_code: str) -> dict[str, Any]:
    """Both mechanisms side by side on the qualified applications, with random trial seeds; nothing is stored."""
    return trial.compare(g.actor, round_code, query["seeds"])


@draws.post("/rounds/<round_code>/draw/freeze", access=DRAW, parameters=[PARAMETER])
@idempotent
@draws.arguments(schemas.SchoolFreezeBody)
@draws.answer(201, schemas.SchoolOfficeDrawView)
def freeze_list(body: dict[str, Any], round_code: str) -> dict[str, Any]:
    """Freeze the list, choose the mechanism, name the source of the seed; list, places and rules are public at once."""
    source = Source(body["kind"], body["description"], body.get("moment"), body["drand_round"])
    return draw_views.office_shown(g.actor, freeze.freeze(g.actor, round_code, freeze.Wish(body["mechanism"], source)))


@draws.post("/rounds/<round_code>/draw/thaw", access=DRAW, parameters=[PARAMETER])
@idempotent
@draws.arguments(schemas.SchoolThawBody)
@draws.answer(202, schemas.SchoolOfficeDrawView)
def thaw_list(body: dict[str, str], round_code: str) -> dict[str, Any]:
    """Propose to take the frozen list back before the seed can be known; a second person approves."""
    return draw_views.office_shown(g.actor, thaw.propose(g.actor, round_code, body["reason"]))


@draws.post("/rounds/<round_code>/draw/seed", access=DRAW, parameters=[PARAMETER])
@idempotent
@draws.arguments(schemas.SchoolSeedBody)
@draws.answer(202, schemas.SchoolOfficeDrawView)
def enter(body: dict[str, str], round_code: str) -> dict[str, Any]:
    """Enter the seed after its moment; when a second person confirms it, the draw is computed."""
    return draw_views.office_shown(g.actor, enter_seed.propose(g.actor, round_code, body["seed"], body["signature"]))


@draws.post("/rounds/<round_code>/draw/compute", access=DRAW)
@draws.answer(202, schemas.SchoolOfficeDrawView)
def compute_again(round_code: str) -> dict[str, Any]:
    """Compute the draw again; what was computed is compared byte for byte, and `checks` tells the outcome."""
    return draw_views.office_shown(g.actor, draw_compute.again(g.actor, round_code))


@draws.post("/rounds/<round_code>/draw/publish", access=staff("school.publish"), parameters=[PARAMETER])
@idempotent
@draws.arguments(schemas.SchoolPublishBody)
@draws.answer(202, schemas.SchoolOfficeDrawView)
def publish_result(body: dict[str, Any], round_code: str) -> dict[str, Any]:
    """Propose to publish the result; when a second person approves, everybody sees all of it from one moment on."""
    return draw_views.office_shown(g.actor, publish.propose(g.actor, round_code, body["reason"], body["list_days"]))
