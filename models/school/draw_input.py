"""The input of a draw from the qualified applications of a round: pseudonyms, wishes with priorities, places.

Only numbers and codes leave: why a priority is what it is stays with the application. Those who are tied together get
one line of wishes: the best priority of any of them at each school, and the smallest tier.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.allocation.problem import Applicant, Place, Problem, ProblemWrong
from models.school import district, school, seat_plan
from models.school.application import SchoolApplication
from models.school.freeze_errors import GroupsDiffer, ListWrong, NothingToDraw, PlansMissing, PrioritiesMissing, named

PRIVATE_PRIORITY = 500
"""At a private school all are equal, and lots alone decide."""
COORDINATED = 900
LAST_TIER = 99
_PSEUDONYM_BYTES = 10
_SHOWN = (
    "child",
    "choices",
    "accepts_coordination",
    "basis",
    "priorities",
    "tier",
    "reserve",
    "group",
    "receipt",
    "seq",
)

Wishes = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An application on the list: as it was when it was read, and under which pseudonym it stands there."""

    application: ObjectId
    seq: int
    pseudonym: str


@dataclass(frozen=True)
class Input:
    """The whole input of a draw; `names` are the schools' by code."""

    problem: Problem
    names: Mapping[str, str]
    entries: Sequence[Entry]


def pseudonym(salt: bytes, what: str, record: ObjectId) -> str:
    """Return 16 characters that only who has the salt can tie to a child (or, for `group`, to tied children)."""
    made = hmac.digest(salt, f"{what}:{record}".encode(), "sha256")
    return base64.b32encode(made[:_PSEUDONYM_BYTES]).decode()


def qualified(round_code: str, session: ClientSession | None = None) -> list[dict[str, Any]]:
    """Return what the draw needs of the qualified applications of a round."""
    query = {"round": round_code, "state": "qualified"}
    return list(SchoolApplication._get_collection().find(query, _SHOWN, session=session).sort("_id", 1))


def gather(round_code: str, salt: bytes) -> Input:
    """Return the input of a draw as the applications stand.

    Raises:
        NothingToDraw, PrioritiesMissing, GroupsDiffer, PlansMissing: see there.
    """
    listed = qualified(round_code)
    if not listed:
        raise NothingToDraw
    overflow = {one["code"]: list(one.get("overflow") or []) for one in district.of_round(round_code)}
    plans = {one["school"]: one for one in seat_plan.of_round(round_code)}
    known = school.several(plans)
    private = {code for code, one in known.items() if one["ownership"] == "private"}
    wishes = {one["_id"]: _wishes(one, overflow, private) for one in listed}
    _require_whole(listed, wishes)
    tied = _tied(listed)
    applicants = [_applicant(one, tied.get(one.get("group") or one["_id"], [one]), wishes, salt) for one in listed]
    _require_planned(wishes.values(), plans)
    places = tuple(_place(one, private=code in private) for code, one in sorted(plans.items()))
    entries = [Entry(one["_id"], one["seq"], made.id) for one, made in zip(listed, applicants, strict=True)]
    names = {code: known[code]["name"] for code in plans}
    try:
        return Input(Problem(tuple(applicants), places), names, entries)
    except ProblemWrong as wrong:
        raise ListWrong(why=str(wrong)) from wrong


def _wishes(found: Mapping[str, Any], overflow: Mapping[str, Sequence[str]], private: set[str]) -> Wishes:
    """Return the own choices, then the schools to which who accepts it is coordinated; () where a priority lacks."""
    told = found.get("priorities") or {}
    own = list(found.get("choices") or [])
    wishes = {code: PRIVATE_PRIORITY if code in private else told.get(code) for code in own}
    if None in wishes.values():
        return ()
    last = COORDINATED + min(found.get("tier") or LAST_TIER, LAST_TIER)
    for code in _coordinated(found, overflow):
        wishes.setdefault(code, told.get(code, last))
    return tuple((code, int(priority)) for code, priority in wishes.items() if priority is not None)


def _coordinated(found: Mapping[str, Any], overflow: Mapping[str, Sequence[str]]) -> list[str]:
    districts = (found.get("basis") or {}).get("districts") or []
    return [code for one in districts for code in overflow.get(one, ())] if found.get("accepts_coordination") else []


def _require_whole(listed: Sequence[Mapping[str, Any]], wishes: Mapping[ObjectId, Wishes]) -> None:
    if wrong := [str(one.get("receipt", "")) for one in listed if not wishes[one["_id"]]]:
        raise PrioritiesMissing(receipts=named(wrong))


def _tied(listed: Sequence[dict[str, Any]]) -> dict[ObjectId, list[dict[str, Any]]]:
    """Return those who are tied together, of each group with two or more on the list."""
    found: dict[ObjectId, list[dict[str, Any]]] = {}
    for one in listed:
        if one.get("group"):
            found.setdefault(one["group"], []).append(one)
    tied = {group: members for group, members in found.items() if len(members) > 1}
    wrong = [members for members in tied.values() if len({tuple(one["choices"]) for one in members}) > 1]
    if wrong:
        raise GroupsDiffer(receipts=named([str(one.get("receipt", "")) for members in wrong for one in members]))
    return tied


def _applicant(
    found: Mapping[str, Any], members: Sequence[Mapping[str, Any]], wishes: Mapping[ObjectId, Wishes], salt: bytes
) -> Applicant:
    group = pseudonym(salt, "group", found["group"]) if len(members) > 1 else ""
    classes = [str(one.get("reserve") or "") for one in members]
    reserve = min((one for one in classes if one), key=int, default="")
    return Applicant(pseudonym(salt, "child", found["child"]), _together(members, wishes), reserve, group)


def _together(members: Sequence[Mapping[str, Any]], wishes: Mapping[ObjectId, Wishes]) -> Wishes:
    """Return one line of wishes for all members: only what all of them take, at the best priority of any."""
    lines = [dict(wishes[one["_id"]]) for one in members]
    shared = [code for code in lines[0] if all(code in line for line in lines)]
    return tuple((code, min(line[code] for line in lines)) for code in shared)


def _require_planned(wishes: Iterable[Wishes], plans: Mapping[str, Any]) -> None:
    missing = {code for line in wishes for code, _ in line} - set(plans)
    if missing:
        raise PlansMissing(schools="、".join(sorted(school.names(missing).values())))


def _place(plan: Mapping[str, Any], *, private: bool) -> Place:
    reserves = {} if private else plan.get("reserves") or {}
    kept = tuple((tier, int(reserves[tier])) for tier in sorted(reserves, key=int) if reserves[tier])
    return Place(plan["school"], int(plan["places"]), kept)
