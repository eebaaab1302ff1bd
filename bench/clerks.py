"""Members of the staff for the load, with open sessions, and cases on their desks, built by the product's models."""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from models.affairs import open_case, work
from models.affairs.kind import Kind
from models.affairs.open_case import Matter
from models.identity import opaque_token, staff_session
from models.identity.actors import Assignment, Resident, Staff
from models.identity.staff import StaffMember


@dataclass(frozen=True)
class Clerk:
    """Who works, and the token of their session."""

    actor: Staff
    token: str


def seat(number: int, role: str, unit: str, area: str = "") -> list[Clerk]:
    """Store so many clerks of one desk."""
    made = [_clerk(role, unit, area) for _ in range(number)]
    StaffMember._get_collection().insert_many([document for _, document in made])
    return [clerk for clerk, _ in made]


def _clerk(role: str, unit: str, area: str) -> tuple[Clerk, dict[str, Any]]:
    member_id, now = ObjectId(), clock.now()
    token = opaque_token.make(member_id)
    session = {"id": "bench", "digest": opaque_token.digest(token), "at": now, "last_seen": now}
    document = {
        "_id": member_id,
        "login": f"bench-{member_id}",
        "name": runtime.current().sealer.seal("staff.name", member_id, "李小明"),
        "state": "active",
        "assignments": [{"role": role, "unit": unit, "area": area}],
        "sessions": [session | {"until": now + staff_session.LASTS}],
        "created_by": "staff:bench",
        "created_at": now,
        "activated_at": now,
        "password_changed_at": now,
    }
    return Clerk(Staff(member_id, document["login"], "bench", (Assignment(role, unit, area),)), token), document


def a_case(told: Kind, matter: Matter) -> dict[str, Any]:
    """Return a case that was opened now, not stored."""
    resident = Resident(ObjectId(), "bench", {"person": ObjectId(), "level": "matched"})
    found = open_case.record(open_case.by(resident), told, matter, "B-0")
    return found | {"outbox": [work.running(found)]}


def another(like: dict[str, Any], number: str, holder: Staff | None = None) -> dict[str, Any]:
    """Return one more case like a given one, held by a clerk when one is given; only the texts stay the other's."""
    own = {"_id": ObjectId(), "number": number, "person": ObjectId(), "account": ObjectId(), "beat": ObjectId()}
    held = {"holder": holder.key, "state": "taken"} if holder else {}
    return {**like, **own, "work": {**like["work"], **held, "id": ObjectId()}}
