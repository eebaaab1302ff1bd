"""Both mechanisms side by side on the applications as they stand (试算), before one of them becomes the rule.

Trial seeds are random, are marked as such, and fit no form of a seed; trial pseudonyms are thrown away. Nothing is
stored, and nothing says how one child would fare.
"""

import dataclasses
import secrets
from typing import Any

from backend import clock
from backend.allocation import trial
from backend.allocation.trial import Averages
from models.identity.actors import Staff
from models.school import draw, draw_input, freeze
from models.school import round as rounds

MOST_SEEDS = 20
SAMPLE = 20
"""So many families try every other order of their wishes under deferred acceptance, for each seed."""


def compare(actor: Staff, round_code: str, seeds: int) -> dict[str, Any]:
    """Return what both mechanisms do on average to the qualified applications of a round.

    Raises:
        NotAllowed: no role of the actor draws.
        NotFound: no such round.
        RoundStateWrong: its list is frozen: the mechanism is chosen.
        NothingToDraw, PlansMissing, PrioritiesMissing, GroupsDiffer: see there.
    """
    actor.require("school.draw")
    rounds.require_state(rounds.read(round_code), ("open",))
    problem = draw_input.gather(round_code, secrets.token_bytes(32)).problem
    drawn = [f"trial-{secrets.token_hex(16)}" for _ in range(seeds)]
    found = trial.compare(problem, drawn, SAMPLE)
    return {
        "round": round_code,
        "at": clock.civil(clock.now()).isoformat(timespec="seconds"),
        "seeds": seeds,
        "applicants": len(problem.applicants),
        "places": sum(place.seats for place in problem.places),
        "undecided": freeze.undecided(round_code),
        "mechanisms": [_told(found.deferred), _told(found.immediate)],
    }


def _told(found: Averages) -> dict[str, Any]:
    numbers = dataclasses.asdict(found)
    numbers["by_choice"] = [round(one, 2) for one in found.by_choice]
    rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in numbers.items()}
    return rounded | {"mechanism_zh": draw.MECHANISM_ZH[found.mechanism]}
