"""Whose work a refund is: given to a named colleague, or back to the list; with an audit entry in the same write."""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import NotAllowed, NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import sheet_actor, staff
from models.identity.actors import Staff
from models.payments import refund_work
from models.payments.refund_work import RefundWork

OPERATION = "refund.propose"


class NoSuchColleague(Unprocessable):
    """422: nobody of that id works on such refunds; which of the two is not told."""

    code = "refund_work_no_colleague"
    zh = "该人员不办理这个单位的退款,请核对后重新选择。"
    en = "This member does not work on refunds of this unit. Choose another one."

    def __init__(self) -> None:
        super().__init__(fields={"staff_id": [self.zh]})


def assign(actor: Staff, refund_id: str, member_id: ObjectId) -> dict[str, Any]:
    """Give an open item to a colleague who may work on it, also when somebody has it; again changes nothing.

    Raises:
        NotFound: no such item in the actor's scope.
        NoSuchColleague: the member does not work on such refunds.
        WorkUnderWay: it waits for a second person or for WeChat, or it is done.
        WorkTaken: somebody else was quicker.
    """
    found = refund_work.reached(actor, OPERATION, refund_id)
    if not _works_on(member_id, found["unit"]):
        raise NoSuchColleague
    if found.get("assignee") == member_id:
        return found
    to = f"staff:{member_id}"
    line = entry.line(actor.key, "refund.assign", f"refund:{refund_id}", unit=actor.unit, to=to)
    told = {"$set": {"assignee": member_id}, "$push": {"history": refund_work.event("assigned", actor.key, to=to)}}

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        guard = {"_id": refund_id, "state": "open", "approval": None, "assignee": found.get("assignee")}
        if not RefundWork._get_collection().update_one(guard, told, session=session).matched_count:
            raise refund_work.refusal(refund_id, actor, session)
        entry.write(line, session)

    transactions.run(change)
    return refund_work.reached(actor, OPERATION, refund_id)


def _works_on(member_id: ObjectId, unit: str) -> bool:
    try:
        units = sheet_actor.acting(f"staff:{member_id}").units_for(OPERATION)
    except (NotFound, NotAllowed):
        return False
    return units is None or unit in units


def release(actor: Staff, refund_id: str) -> dict[str, Any]:
    """Give an item back to the list; one that is not the actor's stays as it is.

    Raises:
        NotFound: no such item in the actor's scope.
    """
    refund_work.reached(actor, OPERATION, refund_id)
    guard = {"_id": refund_id, "state": "open", "assignee": actor.staff_id}
    told = {"$unset": {"assignee": ""}, "$push": {"history": refund_work.event("given_back", actor.key)}}
    line = entry.line(actor.key, "refund.release", f"refund:{refund_id}", unit=actor.unit)

    def change(session: ClientSession) -> None:
        if RefundWork._get_collection().update_one(guard, told, session=session).matched_count:
            entry.write(line, session)

    transactions.run(change)
    return refund_work.reached(actor, OPERATION, refund_id)
