"""Facts of a person for the case that needs them: no case within reach, no look."""

from typing import Any

from bson import ObjectId

from backend.errors import NotFound, Unprocessable
from models.affairs import desks
from models.affairs.case import Case
from models.identity.actors import Staff
from models.registers import fact_views


class CaseNeeded(Unprocessable):
    """422: a person's facts are read for a case, or with the person at the counter."""

    code = "case_needed"
    zh = "请填写办件编号,或先为在场的办事人开始接待,再查看登记信息。"
    en = "Name the case, or begin to serve the person who stands at your counter."

    def __init__(self) -> None:
        super().__init__(fields={"case": [self.zh]})


def for_case(actor: Staff, person_id: ObjectId, kinds: list[str], *, purpose: str, number: str) -> dict[str, Any]:
    """Return some kinds of facts of the person whom a case is about, with an access line under its number.

    Raises:
        NotFound: no such case of this person within the actor's reach.
        MinorApprovalNeeded: a child below fourteen, and there is no approval.
    """
    found = Case._get_collection().find_one(
        {"number": number}, {"person": 1, "unit": 1, "area": 1, "work": 1, "desks": 1}
    )
    if found is None or found.get("person") != person_id:
        raise NotFound
    desks.reach(actor, "fact.read", found)
    return fact_views.for_staff(actor, person_id, kinds, purpose=purpose, case=number)
