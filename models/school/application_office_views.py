"""Applications as the staff see them: a school those that name it, the bureau all; each reading leaves its line.

Children below fourteen are not named without an approval (未成年人网络保护条例第三十六条): a list goes by receipt and
by the guardian's masked name, and what a family wrote is read by who has one, or by the reviewers through their case.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from backend.identity_documents import mask_name
from backend.store import paging
from models.audit import access_line
from models.identity import minor_approval, person
from models.identity.actors import Staff
from models.media.file import Content
from models.school import application, application_views, form, materials, place_words, school
from models.school.application import SchoolApplication
from models.school.application_states import STATES

OPERATION = "school.applications"
PURPOSE = "school_enrolment"
NAME, APPLICATION, FILES = "person.name", "school.application", "school.files"
LISTED = {
    "round": 1, "child": 1, "guardian": 1, "state": 1, "choices": 1, "receipt": 1, "submitted_at": 1, "tier": 1,
    "group": 1, "points": 1, "channel": 1,
}  # fmt: skip


def listed(
    actor: Staff,
    round_code: str,
    *,
    state: str | None = None,
    school_code: str | None = None,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of a round's applications within the actor's reach, after an access line.

    Raises:
        NotAllowed: no role of the actor reads applications.
    """
    actor.require(OPERATION)
    query: dict[str, Any] = {"round": round_code, "state": state or {"$in": list(_shown_states())}}
    if (reached := schools_of(actor)) is not None:
        wanted = [code for code in reached if school_code in (None, code)]
        query["choices"] = {"$in": wanted}
    elif school_code:
        query["choices"] = school_code
    found, following = paging.page(
        SchoolApplication._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection=LISTED
    )
    return _lines(actor, found), following


def _shown_states() -> Sequence[str]:
    """A draft is the family's own; nobody of the staff reads it."""
    return [one for one in STATES if one != "draft"]


def schools_of(actor: Staff) -> list[str] | None:
    """Return the schools whose applications the actor reads, None for all."""
    units = actor.units_for(OPERATION)
    if units is None:
        return None
    return sorted(one["_id"] for code in units for one in school.of_unit(code))


def reach(actor: Staff, application_id: ObjectId) -> dict[str, Any]:
    """Return an application that was submitted and lies within the actor's reach.

    Raises:
        NotAllowed: no role of the actor reads applications.
        NotFound: outside of it.
    """
    actor.require(OPERATION)
    found = application.read(application_id)
    reached = schools_of(actor)
    if found["state"] == "draft" or (reached is not None and set(reached).isdisjoint(found["choices"])):
        raise NotFound
    return found


def _lines(actor: Staff, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    children, guardians = [one["child"] for one in found], [one["guardian"] for one in found]
    hidden = minor_approval.hidden(actor, children)
    people = person.several([*children, *guardians])
    access_line.record(actor, purpose=PURPOSE, subjects=hidden, fields=[APPLICATION])
    named = [one for one in (*children, *guardians) if one not in hidden]
    access_line.record(actor, purpose=PURPOSE, subjects=named, fields=[NAME, APPLICATION])
    names = school.names({code for one in found for code in one["choices"]})
    return [_line(one, people, hidden, names) for one in found]


def _line(
    found: Mapping[str, Any], people: Mapping[ObjectId, Any], hidden: set[ObjectId], names: Mapping[str, str]
) -> dict[str, Any]:
    open_points = [one["code"] for one in found.get("points", ()) if one["state"] not in ("confirmed", "refused")]
    told = {
        "id": str(found["_id"]),
        "round": found["round"],
        "child_name": _name(found["child"], people, hidden),
        "guardian_name": _name(found["guardian"], people, set()),
        "state": found["state"],
        "state_zh": STATES[found["state"]],
        "choices": [{"position": n, "school": code, "name": names[code]} for n, code in enumerate(found["choices"], 1)],
        "open_points": open_points,
        "tied": bool(found.get("group")),
        "channel": found["channel"],
    }
    told |= {"receipt": found["receipt"]} if found.get("receipt") else {}
    told |= {"tier": found["tier"]} if found.get("tier") else {}
    return told


def _name(person_id: ObjectId, people: Mapping[ObjectId, Any], hidden: set[ObjectId]) -> str:
    if person_id in hidden:
        return minor_approval.HIDDEN
    return mask_name(people[person_id].name) if person_id in people else ""


def one(actor: Staff, application_id: ObjectId) -> dict[str, Any]:
    """Return an application, after an access line; of a child's text without an approval none.

    Raises:
        NotAllowed: no role of the actor reads applications.
        NotFound: outside of their reach.
    """
    found = reach(actor, application_id)
    (line,) = _lines(actor, [found])
    hidden = bool(minor_approval.hidden(actor, [found["child"]]))
    told = form.parts(found).get("told", [])
    said = [{"point": each["point"], "text": minor_approval.HIDDEN if hidden else each["text"]} for each in told]
    return {
        **line,
        "progress": application_views.progress(found),
        "files": [{**each, "name": minor_approval.HIDDEN} if hidden else each for each in materials.listed(found)],
        "told": said,
        "history": application_views.whole(found, found["guardian"])["history"],
        "basis": _basis(found),
        "accepts_coordination": bool(found.get("accepts_coordination")),
    }


def _basis(found: Mapping[str, Any]) -> dict[str, Any]:
    basis = found.get("basis") or {}
    told = {name: basis[name] for name in ("kind", "districts", "certain") if name in basis}
    return told | ({"why_zh": place_words.stored(basis)} if basis else {})


def read_file(actor: Staff, application_id: ObjectId, file_id: ObjectId) -> Content:
    """Return a file of an application, after an access line.

    Raises:
        NotAllowed: no role of the actor reads applications.
        NotFound: outside of their reach, or no such file.
        MinorApprovalNeeded: the child is below fourteen, and there is no approval.
    """
    found = reach(actor, application_id)
    content = materials.content(found, file_id)
    subjects = [found["child"], found["guardian"]]
    minor_approval.require(actor, *subjects)
    access_line.record(actor, purpose=PURPOSE, subjects=subjects, fields=[FILES])
    return content
