"""The figures of a round: how many applied, qualified, were placed, accepted, wait, appealed; nobody is named.

Nothing counts along: each look counts the applications, results and offers of one round by their indexes, some 15,000
documents of each at most (about half a second on one core). Readers outside the work see no small number
(`small_numbers`).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from backend import small_numbers
from backend.errors import NotFound
from models.school import offer, placed, seats, waiting
from models.school import round as rounds
from models.school.appeal import SchoolAppeal
from models.school.application import SchoolApplication
from models.school.offer import SchoolOffer

APPLIED = ("submitted", "to_correct", "qualified", "refused")
_APPLICATION = {"choices": 1, "state": 1, "waits_not": 1, "tier": 1}
_OFFER = {"application": 1, "school": 1, "state": 1, "rank": 1, "open": 1, "kind": 1}
Figures = dict[str, Any]


def of_round(code: str) -> Figures:
    """Return all figures of a round.

    Raises:
        NotFound: no such round.
    """
    found = rounds.read(code)
    states = _by(SchoolApplication, code)
    appeals = _by(SchoolAppeal, code)
    told: Figures = {
        "round": code,
        "applied": sum(states[state] for state in APPLIED),
        **{state: states[state] for state in ("qualified", "refused", "withdrawn")},
        "in_review": states["submitted"] + states["to_correct"],
        "appeals_open": appeals["open"],
        "appeals_won": appeals["overturned"],
        "appeals": sum(appeals.values()),
    }
    return told | _placing(found)


def _by(kind: Any, code: str) -> Counter[str]:
    stages = [
        {"$match": {"round": code, "state": {"$gte": ""}}},
        {"$group": {"_id": "$state", "count": {"$sum": 1}}},
    ]
    return Counter({one["_id"]: one["count"] for one in kind._get_collection().aggregate(stages)})


def _placing(found: Mapping[str, Any]) -> Figures:
    offers = list(SchoolOffer._get_collection().find({"round": found["_id"]}, _OFFER))
    states = Counter(one["state"] for one in offers)
    draw = placed.published(found)
    results = placed.of_draw(draw) if draw else {}
    met = [one for one in results.values() if one.get("school")]
    lines, who = _lines(found, offers, results) if draw else (Counter(), 0)
    return {
        "placed": len(met),
        "unplaced": len(results) - len(met),
        "by_choice": _named(Counter(one["rank"] for one in met)),
        "by_tier": _named(Counter(one["tier"] for one in met if one.get("tier"))),
        "offers": {state: states[state] for state in offer.STATES},
        "waiting": who,
        "schools": _schools(found["_id"], offers, lines),
    }


def _named(counted: Counter[int]) -> list[dict[str, int]]:
    return [{"number": number, "count": counted[number]} for number in sorted(counted)]


def _lines(
    found: Mapping[str, Any], offers: list[dict[str, Any]], results: Mapping[Any, Any]
) -> tuple[Counter[str], int]:
    """Return how long the line of each school is, and how many children wait anywhere."""
    mine: dict[Any, list[dict[str, Any]]] = {}
    for one in offers:
        mine.setdefault(one["application"], []).append(one)
    query = {"round": found["_id"], "state": "qualified"}
    lines: Counter[str] = Counter()
    who = 0
    for application in SchoolApplication._get_collection().find(query, _APPLICATION):
        wished = waiting.wished(application, results.get(application["_id"]), mine.get(application["_id"], ()))
        lines.update(wished)
        who += bool(wished)
    return lines, who


def _schools(code: str, offers: list[dict[str, Any]], lines: Counter[str]) -> list[Figures]:
    counted = Counter((one["school"], one["state"]) for one in offers)
    return [
        {
            "school": school,
            "places": plan["places"],
            "taken": plan["taken"],
            "over": plan.get("over", 0),
            **{state: counted[school, state] for state in offer.STANDING},
            "waiting": lines[school],
        }
        for school, plan in seats.of_round(code).items()
    ]


def public(code: str) -> Figures:
    """Return the figures of a published round for anybody: groups of fewer than five are hidden.

    Raises:
        NotFound: no such round, or nothing is published.
    """
    found = rounds.public(code)
    if placed.published(found) is None:
        raise NotFound
    told = of_round(code)
    outcome = small_numbers.hidden({name: told[name] for name in ("qualified", "refused", "in_review")})
    kept = small_numbers.hidden(
        {name: told["offers"][name] for name in ("accepted", "enrolled", "declined", "lapsed", "offered")}
    )
    return {
        "round": code,
        "applied": small_numbers.one(told["applied"]),
        **outcome,
        "placed": small_numbers.one(told["placed"]),
        "by_choice": small_numbers.rows(told["by_choice"]),
        "by_tier": small_numbers.rows(told["by_tier"]),
        "offers": kept,
        "waiting": small_numbers.one(told["waiting"]),
        "appeals_won": small_numbers.one(told["appeals_won"]),
        "note_zh": small_numbers.NOTE_ZH,
    }
