"""What follows a decision of two persons about the staff, and a broken glass that nobody reviewed."""

from bson import ObjectId

from backend import outbox
from models.identity import approval as approvals
from models.identity import break_glass, staff_grants, totp_reset


@outbox.function("staff.expire_approval")
def expire_approval(approval: str) -> None:
    """Write down that nobody decided in time."""
    approvals.expire(ObjectId(approval))


@outbox.function("staff.apply_grant")
def apply_grant(approval: str) -> None:
    """Give the sensitive roles that two persons agreed on."""
    staff_grants.apply(ObjectId(approval))


@outbox.function("staff.drop_grant")
def drop_grant(approval: str) -> None:
    """End an account whose roles were not agreed on."""
    staff_grants.drop(ObjectId(approval))


@outbox.function("staff.reset_second_factor")
def reset_second_factor(approval: str) -> None:
    """Let a member start anew, as two persons agreed."""
    totp_reset.apply(ObjectId(approval))


@outbox.function("staff.break_glass_overdue")
def break_glass_overdue(glass: str) -> None:
    """Raise the alarm about what nobody has reviewed."""
    break_glass.overdue(ObjectId(glass))
