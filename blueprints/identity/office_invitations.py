"""The one-time link of an invited member: password first, then the second factor."""

import hashlib
from typing import Any

from flask import request

from backend import clock
from backend.http.access import ANYONE
from backend.http.limits import strictly
from backend.http.surface import Surface
from blueprints.identity import schemas
from models.identity import invitation

invitations = Surface(
    "office invitations", __name__, url_prefix="/office/v1/invitations", description="工作人员激活账号"
)
LIMIT_OF_ADDRESS = "60/minute"
LIMIT_OF_LINK = "10/minute"


def _limit(token: str) -> None:
    strictly(LIMIT_OF_ADDRESS, "invitation-address", request.remote_addr or "")
    strictly(LIMIT_OF_LINK, "invitation", hashlib.sha256(token.encode()).hexdigest())


@invitations.get("/<token>", access=ANYONE)
@invitations.answer(200, schemas.InvitedView)
def read(token: str) -> dict[str, Any]:
    """Whom the link invites, and which step comes next."""
    _limit(token)
    found = invitation.read(token)
    return {
        "login": found["login"],
        "until": clock.civil(found["invitation"]["until"]).isoformat(timespec="seconds"),
        "pin_needed": "pin" in found["invitation"],
        "next_step": "confirm" if "accepted_at" in found["invitation"] else "accept",
    }


@invitations.post("/<token>/accept", access=ANYONE)
@invitations.arguments(schemas.InvitationAcceptBody)
@invitations.answer(200, schemas.EnrolmentView)
def accept(body: dict[str, str], token: str) -> dict[str, str]:
    """Set the password; the secret of the second factor is shown this once."""
    _limit(token)
    enrolment = invitation.accept(token, body["password"], body["pin"])
    return {"secret": enrolment.secret, "otpauth_uri": enrolment.uri}


@invitations.post("/<token>/confirm", access=ANYONE)
@invitations.arguments(schemas.InvitationConfirmBody)
@invitations.response(204)
def confirm(body: dict[str, str], token: str) -> None:
    """Activate the account by the first code of the authenticator app."""
    _limit(token)
    invitation.confirm(token, body["totp"])
