"""Children below fourteen: staff see their records only with an approval (未成年人网络保护条例第三十六条; PIPL 31).

A member asks for one child, for a case, until a day; the privacy officer decides. Whether somebody is below fourteen is
told on the day of the reading, by the birth date in the sealed profile: no flag lies about that could be old. A birth
date that nobody knows (some passports) counts as an adult's.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import orjson
from bson import ObjectId

from backend import clock, runtime
from backend.errors import BadInput, NotAllowed
from backend.identity_documents import age_on
from models.identity import approval, break_glass, person
from models.identity.actors import Staff
from models.identity.person import Person

LONGEST = timedelta(days=30)
HIDDEN = "未满14周岁,需审批"
"""What stands in place of a child's name."""


class MinorApprovalNeeded(NotAllowed):
    """403: a record of a child below fourteen, and no approval."""

    code = "minor_approval_needed"
    zh = "这是未满 14 周岁未成年人的信息,请先提交查看申请,由个人信息保护负责人审批。"
    en = "This record is of a child below fourteen. Ask the privacy officer for an approval first."


class UntilWrong(BadInput):
    """400: the approval would end too late, or has ended."""

    code = "minor_until_wrong"
    zh = "查看期限须在今天起 30 天以内,请重新选择。"
    en = "The last day lies within thirty days from today."

    def __init__(self) -> None:
        super().__init__(fields={"until": [self.zh]})


def request(actor: Staff, person_id: ObjectId, *, case: str, reason: str, until: date) -> dict[str, Any]:
    """Ask to see a child's records through the day `until`, and return the proposal.

    Raises:
        NotFound: no such person.
        UntilWrong: the day lies before today or too far ahead.
    """
    actor.require("minor.request")
    if not clock.today() <= until <= clock.today() + LONGEST:
        raise UntilWrong
    person.read(person_id)
    ends = clock.at(until, 24 * 60)
    made = approval.record(
        actor,
        "minor_access",
        f"person:{person_id}",
        reason=reason,
        person=person_id,
        until=ends,
        details={"case": case},
    )
    return approval.propose(actor, made)


def hidden(actor: Staff, person_ids: Iterable[ObjectId]) -> set[ObjectId]:
    """Return those of the persons whom the actor may not see: children without an approval or a broken glass."""
    children = below_fourteen(person_ids)
    if not children:
        return set()
    return children - _approved(actor, children) - break_glass.persons_open(actor, children)


def require(actor: Staff, *person_ids: ObjectId) -> None:
    """Check that the actor may see all of these persons.

    Raises:
        MinorApprovalNeeded: one is a child below fourteen, and there is no approval.
    """
    if hidden(actor, person_ids):
        raise MinorApprovalNeeded


def below_fourteen(person_ids: Iterable[ObjectId]) -> set[ObjectId]:
    """Return those of the persons who are below fourteen today, by one query."""
    wanted, today = sorted(set(person_ids)), clock.today()
    if not wanted:
        return set()
    found = Person._get_collection().find({"_id": {"$in": wanted}}, {"profile": 1})
    births = {one["_id"]: _birth(one) for one in found}
    return {one for one, birth in births.items() if birth and age_on(birth, today) < person.CHILD_BELOW}


def _birth(found: dict[str, Any]) -> date | None:
    text = runtime.current().sealer.open("persons.profile", found["_id"], found["profile"])
    return person.read_birth(orjson.loads(text))


def _approved(actor: Staff, children: set[ObjectId]) -> set[ObjectId]:
    """Return those with an approval of the actor; one that was given at another unit does not move along."""
    query = {
        "proposed_by": actor.staff_id,
        "unit": {"$in": [one.unit for one in actor.assignments]},
        "person": {"$in": sorted(children)},
        "until": {"$gt": clock.now()},
        "kind": "minor_access",
        "state": "approved",
    }
    return {one["person"] for one in approval.Approval._get_collection().find(query, {"person": 1})}
