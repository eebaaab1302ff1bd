"""Organisations and their members as residents, members and staff see them. Plain dicts, names masked."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import clock
from backend.identity_documents import mask_name
from backend.store import paging
from models.audit import access_line
from models.identity import agent_views, membership, organisation, person
from models.identity.actors import Member, Resident, Staff
from models.identity.member_invitation import Invited
from models.identity.membership import HOW_ZH, ROLE_ZH, Membership
from models.identity.organisation import KIND_ZH, REASON_ZH, STATE_ZH, Organisation

FIELDS = ("person.name", "membership.role")
OF_MEMBERS = "organisation_members"
OF_OFFICE = "produce_supervision"
MOST_MEMBERS = 500


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the business register makes public of an organisation, and its state here."""
    told = {
        "id": str(found["_id"]),
        "credit_code": found["credit_code"],
        "name": found["name"],
        "kind": found["kind"],
        "kind_zh": KIND_ZH[found["kind"]],
        "division": found["division"],
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        "source": found["source"],
    }
    told |= {name: found[name] for name in ("gln", "gtin_prefix") if found.get(name)}
    reason = found.get("reason")
    return told | ({"reason": reason, "reason_zh": REASON_ZH[reason]} if reason else {})


def mine(resident: Resident) -> list[dict[str, Any]]:
    """Return the organisations that a resident is a member of, with the role; suspended ones too."""
    if resident.sure_person_id is None:
        return []
    held = membership.of_person(resident.sure_person_id)
    known = organisation.several([one["organisation"] for one in held])
    return [shown(known[one["organisation"]]) | _role(one) for one in held if one["organisation"] in known]


def own(member: Member) -> dict[str, Any]:
    """Return the organisation that a member acts for."""
    told = shown(member.organisation) | {"role": member.role, "role_zh": ROLE_ZH[member.role]}
    return told | agent_views.scope(member.scope)


def _role(found: dict[str, Any]) -> dict[str, Any]:
    told = {"role": found["role"], "role_zh": ROLE_ZH[found["role"]], "membership_id": str(found["_id"])}
    told |= {"questioned": True} if found.get("questioned_at") else {}
    return told | agent_views.agency(found.get("scope"), found.get("until"))


def members_of(member: Member) -> list[dict[str, Any]]:
    """Return the members of one's own organisation, masked, with an access line."""
    return _members(member, member.organisation_id, OF_MEMBERS, member.person_id)


def members_for_staff(actor: Staff, organisation_id: ObjectId) -> list[dict[str, Any]]:
    """Return the members of an organisation, masked, with an access line.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such organisation in the actor's area.
    """
    organisation.in_reach(actor, "organisation.members", organisation_id)
    return _members(actor, organisation_id, OF_OFFICE, None)


def _members(
    actor: Member | Staff, organisation_id: ObjectId, purpose: str, own_person: ObjectId | None
) -> list[dict[str, Any]]:
    query = {"organisation": organisation_id, "state": "active", **membership.in_time()}
    held = list(Membership._get_collection().find(query).sort("_id", 1).limit(MOST_MEMBERS))
    access_line.record(actor, purpose=purpose, subjects=[one["person"] for one in held], fields=FIELDS)
    known = person.several([one["person"] for one in held])
    return [_member(one, known[one["person"]].name, own_person) for one in held if one["person"] in known]


def _member(found: dict[str, Any], name: str, own_person: ObjectId | None) -> dict[str, Any]:
    since = clock.civil(found["since"]).isoformat(timespec="seconds")
    how = {"how": found["how"], "how_zh": HOW_ZH[found["how"]], "since": since}
    told = {"id": str(found["_id"]), "name": mask_name(name), "role": found["role"], "role_zh": ROLE_ZH[found["role"]]}
    told |= {"questioned": True} if found.get("questioned_at") else {}
    return (
        told
        | how
        | {"is_self": found["person"] == own_person}
        | agent_views.agency(found.get("scope"), found.get("until"))
    )


def membership_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a membership that was just given or changed, without a name."""
    told = {"id": str(found["_id"]), "organisation_id": str(found["organisation"])}
    told |= {"role": found["role"], "role_zh": ROLE_ZH[found["role"]]}
    return told | agent_views.agency(found.get("scope"), found.get("until"))


def invited(one: Invited) -> dict[str, Any]:
    """Return an invitation, with its code when it was just made."""
    until = clock.civil(one.until).isoformat(timespec="seconds")
    told = {"id": str(one.id), "role": one.role, "role_zh": ROLE_ZH[one.role], "until": until}
    return told | agent_views.agency(one.scope, one.ends) | ({"code": one.code} if one.code else {})


def listed(
    actor: Staff, *, cursor: str | None, limit: int, state: str | None = None, credit_code: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the organisations in the actor's area, oldest first.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("organisation.read")
    query: dict[str, Any] = {"state": state or {"$in": list(STATE_ZH)}}
    query |= {"credit_code": credit_code} if credit_code else {}
    areas = sorted({one.area for one in actor.giving("organisation.read")})
    if "" not in areas:
        query["$or"] = [{"division": {"$gte": area, "$lt": f"{area}~"}} for area in areas]
    found, following = paging.page(Organisation._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [shown(one) for one in found], following


def one(actor: Staff, organisation_id: ObjectId) -> dict[str, Any]:
    """Return an organisation in the actor's area.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such organisation there.
    """
    return shown(organisation.in_reach(actor, "organisation.read", organisation_id))
