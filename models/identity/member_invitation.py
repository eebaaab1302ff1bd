"""An invitation into an organisation: a code of eight digits that an owner tells, and one person uses once.

open ──accepted──▶ gone       It ends by itself after a day, and with the ownership of who made it.

That of an agent names the person, what they may do and until when (`agent`).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import NotFound, Unavailable, Unprocessable
from backend.personal_data import Blind, Holding, Sealed

COLLECTION = "member_invitations"
LASTS = timedelta(hours=24)
DIGITS = 8
_ATTEMPTS = 5


class MemberInvitation(Document):
    """The code lies as a blind index only; `name`, `scope` and `ends` are those of an agent."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["code_index"], "unique": True},
            {"fields": ["organisation", "_id"]},
            {"fields": ["invited_by"]},
            {"fields": ["until"], "expireAfterSeconds": 24 * 3600},
        ],
    }
    organisation = ObjectIdField(required=True)
    role = StringField(required=True)
    name = BinaryField()
    scope = ListField(StringField())
    ends = DateTimeField()
    code_index = BinaryField(required=True)
    invited_by = ObjectIdField(required=True)
    until = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "单位成员邀请",
        persons=("invited_by",),
        sealed=(Sealed("name"),),
        blind=(Blind("code_index", "member_invitations.code"),),
    )
)


class InvitationCodeWrong(Unprocessable):
    """422: no invitation is open under this code."""

    code = "member_invitation_wrong"
    zh = "邀请码不正确、已使用或已过期,请让单位负责人重新生成。"
    en = "This code is wrong, was used or has run out. Ask the owner of the organisation for another one."

    def __init__(self) -> None:
        super().__init__(fields={"code": [self.zh]})


@dataclass(frozen=True)
class Invited:
    """An open invitation; `code` is told once and not kept."""

    id: ObjectId
    role: str
    until: datetime
    code: str = ""
    scope: tuple[str, ...] = ()
    ends: datetime | None = None


def make(organisation_id: ObjectId, role: str, invited_by: ObjectId, *, name: str = "", **agency: Any) -> Invited:
    """Make an invitation and return its code; that of an agent has a `name` and the fields of its `agency`.

    Raises:
        Unavailable: no free code was found.
    """
    until = clock.now() + LASTS
    for _ in range(_ATTEMPTS):
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        new_id = ObjectId()
        made = {"_id": new_id, "organisation": organisation_id, "role": role, "code_index": _index(code), **agency}
        made |= {"name": runtime.current().sealer.seal("member_invitations.name", new_id, name)} if name else {}
        try:
            MemberInvitation._get_collection().insert_one(made | {"invited_by": invited_by, "until": until})
        except DuplicateKeyError:
            continue
        return Invited(new_id, role, until, code, tuple(agency.get("scope", ())), agency.get("ends"))
    raise Unavailable


def _index(code: str) -> bytes:
    return runtime.current().sealer.blind("member_invitations.code", code)


def name_of(found: dict[str, Any]) -> str:
    """Return whom the invitation of an agent names."""
    return runtime.current().sealer.open("member_invitations.name", found["_id"], found["name"])


def listed(organisation_id: ObjectId) -> list[Invited]:
    """Return the open invitations of an organisation, oldest first."""
    query = {"organisation": organisation_id, "until": {"$gt": clock.now()}}
    found = MemberInvitation._get_collection().find(query).sort("_id", 1)
    return [
        Invited(one["_id"], one["role"], one["until"], "", tuple(one.get("scope", ())), one.get("ends"))
        for one in found
    ]


def withdraw(organisation_id: ObjectId, invitation_id: ObjectId) -> None:
    """End an invitation of an organisation.

    Raises:
        NotFound: none is open there.
    """
    query = {"_id": invitation_id, "organisation": organisation_id}
    if not MemberInvitation._get_collection().delete_one(query).deleted_count:
        raise NotFound


def opened(code: str) -> dict[str, Any]:
    """Return the invitation of a code.

    Raises:
        InvitationCodeWrong: none is open under it.
    """
    query = {"code_index": _index(code), "until": {"$gt": clock.now()}}
    found = MemberInvitation._get_collection().find_one(query)
    if found is None:
        raise InvitationCodeWrong
    return found


def use(invitation_id: ObjectId, session: ClientSession) -> None:
    """Use an invitation up, within the transaction of what it allows.

    Raises:
        InvitationCodeWrong: it was used or ended meanwhile.
    """
    if not MemberInvitation._get_collection().delete_one({"_id": invitation_id}, session=session).deleted_count:
        raise InvitationCodeWrong


def end_of(organisation_id: ObjectId, invited_by: ObjectId, session: ClientSession) -> None:
    """End what a person has open for an organisation, when they own it no more."""
    query = {"organisation": organisation_id, "invited_by": invited_by}
    MemberInvitation._get_collection().delete_many(query, session=session)
