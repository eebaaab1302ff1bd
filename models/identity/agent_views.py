"""Agents and what was done in an organisation's name, as its people see them. Plain dicts, names masked."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from backend import clock
from backend.identity_documents import mask_name
from models.audit import access_line
from models.identity import agent, member_act, person
from models.identity.actors import Member
from models.identity.membership import ROLE_ZH

PURPOSE = "organisation_members"
FIELDS = ("person.name", "membership.role", "membership.act")


def scope(held: Iterable[str] | None) -> dict[str, Any]:
    """Return what an agent may do, in words; nothing for the other roles."""
    told = [{"scope": one, "scope_zh": zh} for one, zh in agent.SCOPES.items() if one in set(held or ())]
    return {"scopes": told} if told else {}


def agency(held: Iterable[str] | None, until: datetime | None) -> dict[str, Any]:
    """Return what an agent may do and the last day of it; nothing for the other roles."""
    last = {"last_day": (clock.civil(until).date() - timedelta(days=1)).isoformat()} if until else {}
    return scope(held) | last


def acts(member: Member, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what was done in the organisation's name and by whom, masked, after an access line."""
    found, following = member_act.of_organisation(member.organisation_id, cursor=cursor, limit=limit)
    persons = list({one["person"] for one in found})
    access_line.record(member, purpose=PURPOSE, subjects=persons, fields=FIELDS)
    known = person.several(persons)
    names = {person_id: mask_name(one.name) for person_id, one in known.items()}
    return [_act(one, names.get(one["person"], "")) for one in found], following


def _act(found: dict[str, Any], name: str) -> dict[str, Any]:
    told = {"id": str(found["_id"]), "at": clock.civil(found["at"]).isoformat(timespec="seconds"), "name": name}
    told |= {"role": found["role"], "role_zh": ROLE_ZH[found["role"]], "about": found["about"]}
    told |= {"what": found["what"], "what_zh": member_act.WHAT_ZH[found["what"]]}
    return told | {"at_counter": found.get("via") == member_act.AT_COUNTER}
