"""Reviewing points again: the bureau found that one was settled wrongly, before the list is frozen."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import runtime
from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.school import application, points, property_lock, review
from models.school import round as rounds
from models.school.application import ApplicationMoved
from models.school.review import SchoolReview

DECIDED = ("qualified", "refused")
MOST = 20


class PointUnknown(Unprocessable):
    """422: the application has no such point that was settled."""

    code = "school_point_unknown"
    zh = "所选核验要点不存在或尚未办结;可选择已办结的要点,或选择“双人复核”。"
    en = "No such point was settled. Choose one that was, or two persons' review."

    def __init__(self) -> None:
        super().__init__(fields={"points": [self.zh]})


def reopen(actor: Staff, application_id: ObjectId, codes: Sequence[str], reason: str) -> dict[str, Any]:
    """Let points of a decided application be checked again, and decide it anew; its decision stands until then no more.

    Raises:
        NotAllowed: no role of the actor leads reviews.
        NotFound: no such application.
        PointUnknown: a point was not settled.
        RoundStateWrong: the list is frozen.
        ApplicationMoved: it is not decided, or moved meanwhile.
        PropertyLocked: the property was freed, and another family has it.
    """
    actor.require("school.review")
    found = application.read(application_id)
    rounds.require_state(rounds.read(found["round"]), ("open",))
    if found["state"] not in DECIDED:
        raise ApplicationMoved(found)
    again = _again(found, codes)
    part, again_of = ObjectId(), {one["code"] for one in again}
    held = review.latest(review.find(application_id))
    kept = {
        "id": part,
        "by": actor.key,
        "points": sorted(again_of),
        "reason": runtime.current().sealer.seal("school_reviews.reopened.reason", f"{application_id}:{part}", reason),
    }
    line = entry.line(
        actor.key,
        "school_application.reopen",
        f"school_application:{application_id}",
        unit=actor.unit,
        points=len(again),
    )

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        moved = application.move(
            application_id,
            "reopen",
            by=actor.key,
            seq=found["seq"],
            told={"points": again},
            unset=("decision", "decided_at", "record", "tier", "priorities", "reserve"),
            follow=[review.begin_entry(application_id)],
            session=session,
        )
        for code in again_of & held.keys():
            review.mark(application_id, held[code]["case"], "overtaken", session)
        pushed = {"reopened": {"$each": [kept], "$slice": -MOST}}
        SchoolReview._get_collection().update_one({"_id": application_id}, {"$push": pushed}, session=session)
        property_lock.take_again(application_id, session)
        entry.write(line, session)
        return moved

    return transactions.run(change)


def _again(found: dict[str, Any], codes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the points with the named ones open again; two persons' review may be added to any application."""
    known = {one["code"]: one for one in found["points"]}
    if not codes or set(codes) - known.keys() - {"double"}:
        raise PointUnknown
    again = {
        code: points.new(
            code,
            *dict.fromkeys([*known.get(code, {}).get("why", ()), "reopened"]),
            facts=known.get(code, {}).get("facts", ()),
        )
        for code in codes
    }
    return [(known | again)[code] for code in points.UNITS if code in known.keys() | again.keys()]


def reasons(held: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return who had points reviewed again, which, and why."""
    sealer = runtime.current().sealer
    return [
        {
            "by": one["by"],
            "points": one["points"],
            "reason": sealer.open("school_reviews.reopened.reason", f"{held['_id']}:{one['id']}", one["reason"]),
            "at": one["id"].generation_time,
        }
        for one in (held or {}).get("reopened", ())
        if held
    ]
