"""Who of the staff asks, by the session token of the request."""

import structlog

from backend.errors import NotAllowed
from backend.http.access import Access, bearer_token
from backend.http.limits import guard
from models.identity import staff_session
from models.identity.actors import Staff
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
