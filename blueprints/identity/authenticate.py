"""Who of the staff asks, or who in the name of an organisation, by the session token of the request."""

import structlog

from backend.errors import NotAllowed
from backend.http.access import Access, bearer_token, own_organisation
from backend.http.limits import guard
from backend.store import object_ids
from models.identity import account, membership, staff_session
from models.identity.actors import Member, Staff
from models.identity.own_password import PasswordExpired

log = structlog.get_logger()
OWN = "session.own"
"""What is left to somebody whose password is too old: to change it, and to leave."""


def staff(access: Access) -> Staff:
    """Return the member of the staff whose session this is, when one of their roles holds the route's operation.

    Raises:
        NotLoggedIn, SessionEnded: no token, or one that does not hold.
        NotAllowed: no role of theirs holds the operation for the route's purpose.
        PasswordExpired: they must change it first.
    """
    actor = staff_session.authenticate(bearer_token())
    guard(actor.key)
    if not actor.may(access.operation, access.purpose):
        log.warning("staff_not_allowed", actor=actor.key, operation=access.operation)
        raise NotAllowed
    if actor.password_expired and access.operation != OWN:
        raise PasswordExpired
    return actor


def member(access: Access) -> Member:
    """Return the resident whose session this is as a member of the organisation that the request names.

    Raises:
        NotLoggedIn, SessionEnded: no token, or one that does not hold.
        OrganisationMissing: the request names no organisation.
        LevelNeeded: the binding is only what the account says.
        NotFound: no such organisation, or they are no member of it.
        OrganisationSuspended: the office has suspended it.
        MembershipQuestioned: the register does not name them any more.
        NotAllowed: their role in it is none of those that the route is for, or the agency does not hold its scope.
    """
    resident = account.authenticate(bearer_token())
    guard(resident.key)
    actor = membership.acting(resident, object_ids.read(own_organisation()))
    actor.require_for(access.roles, access.scope)
    return actor
