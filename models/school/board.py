"""The dashboard of a round: the bureau sees the funnel, every school and the appeals; a school sees itself.

Who works with no child's place (an auditor) reads figures alone: no appeal of anybody, and no small number.
"""

from collections.abc import Mapping
from typing import Any

from backend import clock, small_numbers
from models.identity.actors import Staff
from models.school import offer, offer_answer, offer_views, school, statistics
from models.school import round as rounds
from models.school.appeal import SchoolAppeal

MOST_APPEALS = 100
_WHOLE = ("applied", "in_review", "qualified", "refused", "withdrawn", "placed", "unplaced", "waiting")
_APPEALS = ("appeals", "appeals_open", "appeals_won")


def shown(actor: Staff, code: str) -> dict[str, Any]:
    """Return the dashboard, as far as the actor's units and area go; it names nobody.

    Raises:
        NotAllowed: no role of the actor reads figures.
        NotFound: no such round.
    """
    actor.require("school.report")
    found, told = rounds.read(code), statistics.of_round(code)
    known = school.several(one["school"] for one in told["schools"])
    rows = [
        {**one, "school_zh": known[one["school"]]["name"]}
        for one in told["schools"]
        if one["school"] in known and offer_answer.reaches(actor, "school.report", known[one["school"]])
    ]
    if not actor.may("school.offer"):
        told, rows = _figures(told), _guarded(rows)
    answer = {"round": code, "state": found["state"], "state_zh": rounds.STATES[found["state"]], "schools": rows}
    if not actor.covers("school.report", unit="", area=""):
        return answer
    whole = answer | _bureau(found, told)
    if not actor.may("school.offer"):
        return whole | {"note_zh": small_numbers.NOTE_ZH}
    return whole | {"open_appeals": _open_appeals(code)}


def _figures(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a round without small numbers."""
    return {
        **{name: small_numbers.one(told[name]) for name in ("applied", "withdrawn", "waiting")},
        **small_numbers.hidden({name: told[name] for name in ("qualified", "refused", "in_review")}),
        **small_numbers.hidden({name: told[name] for name in ("placed", "unplaced")}),
        **{name: small_numbers.one(told[name]) for name in _APPEALS},
        "offers": small_numbers.hidden(told["offers"]),
        "by_choice": small_numbers.rows(told["by_choice"]),
        "by_tier": small_numbers.rows(told["by_tier"]),
    }


def _guarded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the schools without small numbers, and without those from which one could be counted back."""
    held, taken = small_numbers.table(rows, offer.STANDING), small_numbers.table(rows, ("taken",))
    alone = [{name: small_numbers.one(one[name]) for name in ("over", "waiting")} for one in rows]
    return [one | held[row] | taken[row] | alone[row] for row, one in enumerate(rows)]


def _bureau(found: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    late = found["review_until"] <= clock.now()
    return {
        "funnel": {name: told[name] for name in _WHOLE},
        "offers": told["offers"],
        "by_choice": told["by_choice"],
        "by_tier": told["by_tier"],
        "reviews_overdue": told["in_review"] if late else 0,
        "appeals": {name: told[name] for name in _APPEALS},
    }


def _open_appeals(code: str) -> list[dict[str, Any]]:
    """Return the open appeals, what is due first at the top."""
    query = {"round": code, "state": "open"}
    found = list(SchoolAppeal._get_collection().find(query).sort("_id", 1).limit(MOST_APPEALS))
    clocks = offer_views.clocks_of(one["case"] for one in found)
    rows = [offer_views.appeal_shown(one, clocks.get(one["case"], {})) for one in found]
    return sorted(rows, key=lambda one: one.get("due", ""))
