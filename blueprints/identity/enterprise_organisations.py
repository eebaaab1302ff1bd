"""Organisations as those see them who act in their name: one's own, the members, invitations."""

from typing import Any

from flask import g

from backend.http.access import member, resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import forgive, strictly
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import organisation_schemas as schemas
from models.identity import join_organisation, member_invitation, membership, organisation_views
from models.registers import own_organisation

organisations = Surface("organisations", __name__, url_prefix="/enterprise/v1", description="单位与成员")
LIMIT_OF_CLAIMS = "10/day"
"""Each try asks the register."""
LIMIT_OF_CODES = "5/hour"
"""Wrong codes of one account in a row: one in 20 million guesses at an open invitation, a day long."""


@organisations.get("/organisations", access=resident("matched"))
@organisations.answer(200, schemas.MineList)
def mine() -> dict[str, Any]:
    """The organisations that one may act for, with one's role in each."""
    return {"items": organisation_views.mine(g.actor), "next": None}


@organisations.post("/organisations", access=resident("verified"), parameters=[PARAMETER])
@idempotent
@organisations.arguments(schemas.ClaimBody)
@organisations.answer(201, schemas.OrganisationView)
def claim(body: dict[str, str]) -> dict[str, Any]:
    """Become the owner of the organisation whose legal representative one is by the business register."""
    strictly(LIMIT_OF_CLAIMS, "organisation-claim", str(g.actor.account_id))
    return organisation_views.shown(own_organisation.claim(g.actor, body["credit_code"]))


@organisations.post("/invitations/accept", access=resident("matched"), parameters=[PARAMETER])
@idempotent
@organisations.arguments(schemas.AcceptBody)
@organisations.answer(201, schemas.MembershipView)
def accept(body: dict[str, str]) -> dict[str, Any]:
    """Become a member by the code that an owner has told."""
    strictly(LIMIT_OF_CODES, "organisation-code", str(g.actor.account_id))
    made = join_organisation.accept(g.actor, body["code"])
    forgive(LIMIT_OF_CODES, "organisation-code", str(g.actor.account_id))
    return organisation_views.membership_shown(made)


@organisations.get("/organisation", access=member(*membership.ROLE_ZH))
@organisations.answer(200, schemas.OwnOrganisationView)
def read() -> dict[str, Any]:
    """The organisation that one acts for, and one's role in it."""
    return organisation_views.own(g.actor)


@organisations.get("/members", access=member("owner", "manager", purpose=organisation_views.OF_MEMBERS))
@organisations.answer(200, schemas.OrganisationMemberList)
def list_members() -> dict[str, Any]:
    """The members, masked."""
    return {"items": organisation_views.members_of(g.actor), "next": None}


@organisations.put("/members/<membership_id>/role", access=member("owner"))
@organisations.arguments(schemas.MemberRoleBody)
@organisations.answer(200, schemas.MembershipView)
def change_role(body: dict[str, str], membership_id: str) -> dict[str, Any]:
    """Give a member another role; the last owner stays owner."""
    changed = membership.change_role(g.actor, object_ids.read(membership_id), body["role"])
    return organisation_views.membership_shown(changed)


@organisations.delete("/members/<membership_id>", access=member(*membership.ROLE_ZH))
@organisations.response(204)
def remove(membership_id: str) -> None:
    """Remove a member, as an owner, an agent as a manager too, or leave; access ends at once, the last owner stays."""
    membership.remove(g.actor, object_ids.read(membership_id))


@organisations.get("/invitations", access=member("owner"))
@organisations.answer(200, schemas.MemberInvitationList)
def list_invitations() -> dict[str, Any]:
    """The open invitations, without their codes."""
    found = member_invitation.listed(g.actor.organisation_id)
    return {"items": [organisation_views.invited(one) for one in found], "next": None}


@organisations.post("/invitations", access=member("owner"), parameters=[PARAMETER])
@idempotent
@organisations.arguments(schemas.MemberRoleBody)
@organisations.answer(201, schemas.MemberInvitationView)
def invite(body: dict[str, str]) -> dict[str, Any]:
    """Make an invitation; its code is shown once, holds for a day and counts for one person."""
    strictly("60/day", "organisation-invite", str(g.actor.organisation_id))
    return organisation_views.invited(join_organisation.invite(g.actor, body["role"]))


@organisations.delete("/invitations/<invitation_id>", access=member("owner"))
@organisations.response(204)
def withdraw(invitation_id: str) -> None:
    """Withdraw an invitation."""
    member_invitation.withdraw(g.actor.organisation_id, object_ids.read(invitation_id))
