"""The candidates of a round as the bureau looks through them: what was found, what is missing, whom it reached."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from backend.identity_documents import mask_name
from backend.store import paging
from models.audit import access_line
from models.identity import minor_approval, person
from models.identity.actors import Staff
from models.school import found_words
from models.school import round as rounds
from models.school.candidate import REACH_ZH, SchoolCandidate

OPERATION = "school.find"
PURPOSE = "school_enrolment"
FIELDS = ("person.name", "school.candidate")
NOT_TOLD = "not_told"
"""How a query names candidates whom nobody was told of, whose `reach` is empty."""
STATES = {NOT_TOLD: "", **{name: name for name in REACH_ZH if name}}
MOST = 20_000


def listed(
    actor: Staff, round_code: str, *, state: str = "", cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of a round's candidates, of one state where it is named; the access line is stored before.

    Raises:
        NotAllowed: no role of the actor finds children.
        NotFound: no such round.
    """
    actor.require(OPERATION)
    query: dict[str, Any] = {"round": rounds.read(round_code)["_id"]}
    if state:
        query["reach"] = STATES[state]
    found, following = paging.page(
        SchoolCandidate._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
    return _shown(actor, found), following


def counts(actor: Staff, round_code: str) -> list[dict[str, Any]]:
    """Return how many candidates of a round stand in each state; of more than `MOST` it says so many.

    Raises:
        NotAllowed: no role of the actor finds children.
        NotFound: no such round.
    """
    actor.require(OPERATION)
    code = rounds.read(round_code)["_id"]
    return [
        {"state": name, "state_zh": REACH_ZH[reach], "count": _count({"round": code, "reach": reach})}
        for name, reach in STATES.items()
    ]


def _count(query: Mapping[str, Any]) -> int:
    return SchoolCandidate._get_collection().count_documents(query, limit=MOST)


def _shown(actor: Staff, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    children = [one["child"] for one in found]
    hidden = minor_approval.hidden(actor, children)
    seen = [*(each for one in found for each in one["guardians"]), *(one for one in children if one not in hidden)]
    access_line.record(actor, purpose=PURPOSE, subjects=seen, fields=FIELDS)
    people, names = person.several(seen), found_words.schools(found)
    return [_one(one, people, names) for one in found]


def _one(one: Mapping[str, Any], people: Mapping[ObjectId, person.Known], names: Mapping[str, str]) -> dict[str, Any]:
    child = people.get(one["child"])
    return {
        "id": str(one["_id"]),
        "child": mask_name(child.name) if child else minor_approval.HIDDEN,
        "guardians": [mask_name(people[each].name) for each in one["guardians"] if each in people],
        "village": one.get("village", ""),
        "source": one["source"],
        "eligible": one.get("eligible", "unknown"),
        "schools_zh": found_words.schools_zh(one, names),
        "tier_zh": found_words.tier_zh(one),
        "missing": found_words.missing(one),
        "asking": bool(one.get("asking")),
        "two_households": bool(one.get("double")),
        "state": one["reach"] or NOT_TOLD,
        "state_zh": REACH_ZH[one["reach"]],
    }
