"""A lost second factor: one administrator proposes, a security administrator approves, the member starts anew.

The proposer holds a link that opens nothing before the approval, the approver is told a PIN: neither alone can take
the account over. With the approval the old password, second factor and sessions are void.
"""

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.audit import entry
from models.identity import approval, invitation, staff, staff_grants, staff_scope, unit
from models.identity.actors import Staff
from models.identity.invitation import Invitation
from models.identity.staff import StaffMember


def propose(actor: Staff, member_id: ObjectId, reason: str) -> Invitation:
    """Propose to let a member start anew, and return the link to hand over to them.

    Raises:
        NotFound: no such member in reach.
        OwnAccount: it is the actor.
    """
    actor.require("staff.reset")
    if member_id == actor.staff_id:
        raise staff.OwnAccount
    staff_scope.read(actor, "staff.reset", member_id)
    made = ObjectId()
    waiting = approval.record(
        actor,
        "totp_reset",
        f"staff:{member_id}",
        reason=reason,
        approval_id=made,
        member=member_id,
        effect=outbox.entry("trust", "staff.reset_second_factor", approval=str(made)),
    )
    link = invitation.link_for(member_id, waiting)
    approval.propose(actor, waiting)
    return link


def apply(approval_id: ObjectId) -> None:
    """Carry out an approved reset, once.

    It is superseded when the member was disabled since it was proposed, when their unit closed, or while the account
    still waits for its roles.
    """
    found = approval.read(approval_id)
    kept = {"digest": found["link"], "pin": found["pin"], "until": clock.now() + approval.LINK_LASTS}
    by = f"staff:{found['decided_by']}"
    line = entry.line(by, "staff.reset", found["about"], unit=found["unit"], approval=str(approval_id))
    reset = {
        "$set": {"state": "invited", "invitation": kept, "sessions": []},
        "$unset": {"password": "", "totp": "", "totp_step": "", "disabled_at": ""},
    }
    as_proposed = [{"disabled_at": None}, {"disabled_at": {"$lte": found["proposed_at"]}}]
    guard = {"_id": found["member"], "state": {"$ne": "proposed"}, "$or": as_proposed}

    def change(session: ClientSession) -> None:
        if not approval.finish(approval_id, "done", session):
            return
        member = StaffMember._get_collection().find_one_and_update(guard, reset, session=session)
        if member is None:
            raise staff_grants.AssignmentsChanged
        unit.hold(staff.units_named(staff.assignments_of(member)), session)
        entry.write(line, session)

    try:
        transactions.run(change)
    except (staff_grants.AssignmentsChanged, unit.UnitUnknown):
        approval.finish(approval_id, "superseded")
