"""The review as the staff see it: a board for the bureau, one application, and the one point that a reviewer checks.

A reviewer's unit sees the point that it checks and nothing else of an application. Of a child below fourteen nobody is
shown a name, a number or a family's words without an approval (未成年人网络保护条例第三十六条).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.identity_documents import mask_name
from backend.store import paging
from models.affairs import case, desks
from models.audit import access_line
from models.identity import minor_approval, person
from models.identity.actors import Staff
from models.school import application, form, judging, kinds, materials, points, reopen, review, told_facts
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.application_states import STATES

PURPOSE = "school_enrolment"
FIELDS = ("person.name", "school.application", "school.review")
STATE_ZH = {
    "open": "待核验",
    "asked": "待家长补充",
    "differs": "意见不一致",
    "confirmed": "已确认",
    "refused": "未确认",
    "overtaken": "已由新的提交取代",
}
_BOARD = [
    {"$unwind": "$points"},
    {"$group": {"_id": {"point": "$points.code", "state": "$points.state"}, "count": {"$sum": 1}}},
]


def board(actor: Staff, round_code: str) -> dict[str, Any]:
    """Return how far the review of a round is: applications by state, points by unit; one walk over those under review.

    Raises:
        NotAllowed: no role of the actor leads reviews.
        NotFound: no such round.
    """
    actor.require("school.review")
    found = rounds.read(round_code)
    running = {"round": round_code, "state": {"$in": ["submitted", "to_correct"]}}
    collection = SchoolApplication._get_collection()
    told = list(collection.aggregate([{"$match": running}, *_BOARD]))
    states = Counter({one["_id"]: one["count"] for one in collection.aggregate(_by_state(round_code))})
    late = bool(found["review_until"] < clock.now() and states["submitted"] + states["to_correct"])
    return {
        "round": round_code,
        "review_until": rounds.wire(found["review_until"]),
        "late": late,
        "states": [{"state": code, "state_zh": zh, "count": states[code]} for code, zh in STATES.items()],
        "points": sorted((_counted(one) for one in told), key=lambda one: (one["point"], one["state"])),
    }


def _by_state(round_code: str) -> list[dict[str, Any]]:
    query = {"round": round_code, "state": {"$in": list(STATES)}}
    return [{"$match": query}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}]


def _counted(one: Mapping[str, Any]) -> dict[str, Any]:
    code, state = one["_id"]["point"], one["_id"]["state"]
    return {
        "point": code,
        "point_zh": points.POINT_ZH[code],
        "unit": points.UNITS[code],
        "state": state,
        "state_zh": STATE_ZH[state],
        "count": one["count"],
    }


def undecided(
    actor: Staff, round_code: str, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the applications that nobody decided yet, which keep the list from being frozen; no names.

    Raises:
        NotAllowed: no role of the actor leads reviews.
        NotFound: no such round.
    """
    actor.require("school.review")
    late = rounds.read(round_code)["review_until"] < clock.now()
    query = {"round": round_code, "state": {"$in": ["submitted", "to_correct"]}}
    found, following = paging.page(
        SchoolApplication._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit
    )
    return [{**_head(one), "late": late, "points": [_point(each) for each in _open(one)]} for one in found], following


def _open(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return points.open_ones(found.get("points", ()))


def one(actor: Staff, application_id: ObjectId) -> dict[str, Any]:
    """Return the review of an application with its signals, after an access line.

    Raises:
        NotAllowed: no role of the actor leads reviews.
        NotFound: no such application was submitted.
    """
    actor.require("school.review")
    found = application.read(application_id)
    if found["state"] == "draft":
        raise NotFound
    access_line.record(actor, purpose=PURPOSE, subjects=[found["child"], found["guardian"]], fields=FIELDS)
    held = review.find(application_id)
    return {
        **_head(found),
        "points": [_point(one) for one in found.get("points", ())],
        "signals": [_signal(one) for one in found.get("signals", ())],
        "sampled": bool(held and held.get("sampled")),
        "reopened": [_reopened(one) for one in reopen.reasons(held)],
        "facts": _facts(found, points.UNITS),
        "decision": _decision(found),
    }


def _reopened(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"points": one["points"], "reason": one["reason"], "at": rounds.wire(one["at"])}


FACT_KINDS = {
    "household": ("household.", "person.birth_date"),
    "residence": ("residence.",),
    "property": ("property.",),
    "insurance": ("social_insurance.",),
    "business": ("business.",),
    "address": ("household.address", "residence.address", "property.certificate"),
    "guardianship": ("household.",),
    "double": ("",),
}
"""Which entries of the registers a point is about."""


def _facts(found: Mapping[str, Any], codes: Iterable[str], *, hidden: bool = False) -> list[dict[str, Any]]:
    """Return what the registers said for some points, masked, each with source and date; nobody is asked for it.

    Who may not see the child sees nothing about it, and no members of its household.
    """
    kinds_of = tuple(kind for code in codes for kind in FACT_KINDS[code])
    rows = judging.gathered_for(found, rounds.read(found["round"])).rows_for(None)
    return [
        {name: one[name] for name in ("about_zh", "kind", "kind_zh", "words_zh", "source_zh", "date", "state_zh")}
        for one in rows
        if one["kind"].startswith(kinds_of) and not (hidden and _tells_of_child(one))
    ]


def _tells_of_child(row: Mapping[str, Any]) -> bool:
    return row["about"] == "child" or row["kind"] == "household.members"


def _head(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "application_id": str(found["_id"]),
        "round": found["round"],
        "receipt": found.get("receipt", ""),
        "state": found["state"],
        "state_zh": STATES[found["state"]],
    }


def _point(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "point": one["code"],
        "point_zh": points.POINT_ZH[one["code"]],
        "unit": one["unit"],
        "state": one["state"],
        "state_zh": STATE_ZH[one["state"]],
        "why_zh": [points.WHY_ZH[why] for why in one.get("why", ())],
    }
    return told | ({"case_id": str(one["case"])} if one.get("case") else {})


def _signal(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("code", "zh", "weight", "point")}


def _decision(found: Mapping[str, Any]) -> dict[str, Any] | None:
    told = found.get("decision")
    shown = ("outcome", "rule", "rule_number", "version", "text_zh")
    return {name: told[name] for name in shown if name in told} if told else None


def of_case(actor: Staff, case_id: ObjectId) -> dict[str, Any]:
    """Return the one point that a case checks, after an access line: the question, papers, words, facts to be told.

    Raises:
        NotFound: no such case within the actor's scope, or it checks no point.
    """
    held_case = case.read(case_id)
    desks.reach(actor, "case.read", held_case)
    if "point" not in held_case["about"] or not held_case["kind"].startswith(kinds.CODE):
        raise NotFound
    found, code = application.read(held_case["about"]["application"]), held_case["about"]["point"]
    subjects = [found["child"], found["guardian"]]
    hidden = bool(minor_approval.hidden(actor, [found["child"]]))
    seen = [found["guardian"]] if hidden else subjects
    access_line.record(actor, purpose="case_handling", subjects=seen, fields=FIELDS, case=held_case["number"])
    point = next((one for one in found.get("points", ()) if one["code"] == code), None)
    if point is None:
        raise NotFound
    told = form.parts(found)
    said = [one["text"] for one in told.get("told", ()) if one["point"] == code]
    said += _address_by_hand(told, code)
    papers = [one for one in materials.listed(found) if one.get("point") == code]
    return {
        **_head(found),
        **_point(point),
        "guardian": mask_name(person.read(found["guardian"]).name),
        "child": minor_approval.HIDDEN if hidden else person.read(found["child"]).name,
        "told": [minor_approval.HIDDEN if hidden else text for text in said],
        "files": [{"id": str(one["id"]), "name": minor_approval.HIDDEN if hidden else one["name"]} for one in papers],
        "facts": _facts(found, [code], hidden=hidden),
        "signals": [_signal(one) for one in found.get("signals", ()) if one["point"] == code],
        "askable": [{"fact": name, "zh": told_facts.FACT_ZH.get(name, "学区")} for name in told_facts.askable(code)],
    }


def _address_by_hand(told: Mapping[str, Any], code: str) -> list[str]:
    """Return the address that a family wrote down, to who checks the address or what it rests on."""
    basis = told.get("basis") or {}
    by_hand = basis.get("address") and not basis.get("fact_id")
    return [basis["address"]] if by_hand and code in {basis["kind"], "address", "double"} else []
