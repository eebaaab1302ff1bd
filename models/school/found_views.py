"""What a guardian sees before applying: the children that were found for them, and what is known of a child."""

from collections.abc import Collection, Mapping
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from backend.identity_documents import mask_name
from models.audit import access_line
from models.identity import consent, levels, person, purposes, relation
from models.identity.actors import Resident
from models.registers import matching
from models.school import applying, candidate, child_facts, fact_rows, found_words, place_words, tell_found
from models.school import round as rounds
from models.school.basis import KIND_ZH, Basis
from models.school.candidate import SchoolCandidate
from models.school.child_facts import Gathered
from models.school.register_words import WHY_ZH

MOST = 50
SECONDS = 4.0
ANNOUNCED = ("open", "frozen", "drawn", "published")


def mine(resident: Resident) -> list[dict[str, Any]]:
    """Return the children found for this guardian in announced rounds, newest first; that they looked is noted."""
    levels.require(resident.document["level"], "matched")
    query = {"guardians": resident.sure_person_id}
    found = list(SchoolCandidate._get_collection().find(query, {"outbox": 0}).sort("_id", -1).limit(MOST))
    told = {code: rounds.read(code) for code in {one["round"] for one in found}}
    some = [one for one in found if told[one["round"]]["state"] in ANNOUNCED]
    children = [one["child"] for one in some]
    access_line.record(resident, purpose=purposes.ACTING, subjects=children, fields=("person.name", "school.candidate"))
    people, names = person.several(children), found_words.schools(some)
    for one in some:
        tell_found.seen(one)
    return [_shown(one, told[one["round"]], people, names, resident) for one in some]


def _shown(
    one: Mapping[str, Any],
    in_round: Mapping[str, Any],
    people: Mapping[ObjectId, person.Known],
    names: Mapping[str, str],
    resident: Resident,
) -> dict[str, Any]:
    codes = one.get("located", {}).get("schools", [])
    guardian = relation.between(one["child"], resident.person_id, "affairs") if resident.person_id else None
    told = {
        "id": str(one["_id"]),
        "round": in_round["_id"],
        "round_zh": in_round["name"],
        "child_id": str(one["child"]),
        "child_name": mask_name(people[one["child"]].name) if one["child"] in people else "",
        "schools": [{"code": code, "name": names.get(code, code)} for code in codes],
        "certain": bool(one.get("located", {}).get("certain")),
        "eligible": one.get("eligible", "unknown"),
        "tier_zh": found_words.tier_zh(one),
        "missing": found_words.missing(one),
        "window_zh": found_words.window_zh(in_round),
        "no_speed_zh": found_words.NO_SPEED_ZH,
    }
    return told | ({"relation_id": str(guardian["_id"])} if guardian else {})


def become_guardian(resident: Resident, candidate_id: ObjectId) -> dict[str, Any]:
    """Make who was named as a found child's parent its guardian, by the household register; return the relation.

    Raises:
        NotFound: the child was not found for this person.
        ConsentNeeded, GuardianNotFound, RegisterAway: see `matching.become_guardian`.
    """
    levels.require(resident.document["level"], "matched")
    one = candidate.read(candidate_id)
    if resident.sure_person_id not in one["guardians"] or rounds.read(one["round"])["state"] not in ANNOUNCED:
        raise NotFound
    return matching.become_guardian(resident, one["child"])


def facts(resident: Resident, child_id: ObjectId, round_code: str) -> dict[str, Any]:
    """Return what is known of a child and its guardians, each with source, date and where it is disputed.

    Registers whose answer is not fresh are asked, as far as a screen waits.

    Raises:
        NotFound: no such announced round, or the resident is no guardian of the child.
        ConsentNeeded: no consent to ask the registers.
    """
    levels.require(resident.document["level"], "matched")
    assert resident.sure_person_id is not None
    in_round = rounds.public(round_code)
    held = relation.between(child_id, resident.sure_person_id, "affairs")
    if held is None or held["kind"] != "guardian":
        raise NotFound
    consent.require(resident, "facts")
    about = sorted({resident.sure_person_id, *applying.guardians(child_id)})
    gathered = child_facts.gather(in_round, child_id, about, seconds=SECONDS)
    whole = levels.reaches(resident.document["level"], "verified")
    rows = gathered.rows_for(resident.sure_person_id, whole=whole)
    _note(resident, gathered)
    clear = place_words.readable(gathered, resident)
    return {
        "items": [_with_dispute(row, str(child_id), str(held["_id"])) for row in rows],
        "bases": [_basis(one, clear) for one in gathered.bases],
        "missing": [
            {"name": name, "zh": found_words.FACT_ZH[name], "why": why, "why_zh": WHY_ZH[why]}
            for name, why in sorted(gathered.why_missing.items())
        ],
    }


def _note(resident: Resident, gathered: Gathered) -> None:
    others = {stated.subject.person for _, stated in fact_rows.entries(gathered.told)}
    others.add(gathered.told.child.id)
    subjects = [one for one in others if one and one != resident.sure_person_id]
    access_line.record(resident, purpose=purposes.ACTING, subjects=subjects, fields=("facts.value",))


def _with_dispute(row: Mapping[str, Any], child: str, relation_id: str) -> dict[str, Any]:
    """Return a row with the way to dispute it: the path, and for the child's the relation to act by."""
    shown = {name: value for name, value in row.items() if name != "person"}
    if not row["disputable"]:
        return shown
    acting = {"acting_for": relation_id} if row["person"] == child else {}
    return shown | {"dispute": f"/mini/v1/facts/{row['fact']}/dispute", **acting}


def _basis(one: Basis, clear: Collection[ObjectId]) -> dict[str, Any]:
    return {
        "fact": str(one.fact_id),
        "kind": one.kind,
        "kind_zh": KIND_ZH[one.kind],
        "districts": list(one.located.districts),
        "schools": list(one.located.schools),
        "certain": one.located.certain,
        "why_zh": place_words.for_reader(one, clear).why_zh,
    }
