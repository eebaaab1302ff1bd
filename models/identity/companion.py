"""Companions: the visitors that an account books for, oneself among them. Bounded, inside the account's document."""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from bson import ObjectId

from backend import clock, runtime
from backend.errors import Conflict, NotFound
from backend.identity_documents import IdentityDocument, mask, mask_name
from models.identity import consent, person
from models.identity.account import Account
from models.identity.actors import Resident

MOST = 30
_PLACE = "accounts.companions"


@dataclass(frozen=True)
class Companion:
    """One visitor, opened: the name is clear, the document only by its tail."""

    id: str
    person_id: ObjectId
    name: str
    birth: date | None
    kind: str
    tail: str
    is_self: bool


class TooManyCompanions(Conflict):
    """409: the list is full."""

    code = "too_many_companions"
    zh = "常用游客最多 {most} 位,请先删除不再需要的。"
    en = "At most {most} companions. Remove one first."


class AlreadyListed(Conflict):
    """409: this person is on the list already."""

    code = "companion_already_listed"
    zh = "这位游客已在您的常用游客中。"
    en = "This visitor is on your list already."


class AlreadyBound(Conflict):
    """409: the account is bound to a person already."""

    code = "already_bound"
    zh = "本账号已绑定身份;如需更换,请到政务服务窗口办理。"
    en = "This account is bound to a person already. A change is made at a service counter."


def bind(resident: Resident, document: IdentityDocument, name: str) -> Companion:
    """Bind the account to the person who uses it, as declared by themselves.

    Raises:
        ConsentNeeded: no consent to use the document.
        AlreadyBound: bound to somebody before.
    """
    if resident.person_id:
        raise AlreadyBound
    added = _add(resident, document, name, is_self=True)
    change = {"$set": {"person": added.person_id, "level": "declared"}}
    Account._get_collection().update_one({"_id": resident.account_id, "person": None}, change)
    return added


def add(resident: Resident, document: IdentityDocument, name: str) -> Companion:
    """Put a visitor on the account's list.

    Raises:
        ConsentNeeded: no consent to use the document.
        AlreadyListed: the person is on it.
        TooManyCompanions: the list is full.
    """
    return _add(resident, document, name, is_self=False)


def _add(resident: Resident, document: IdentityDocument, name: str, *, is_self: bool) -> Companion:
    consent.require(resident, "document")
    person_id = person.find_or_declare(document, name)
    companion_id = secrets.token_hex(6)
    profile = orjson.dumps({"name": name, "birth": document.birth_date}).decode()
    entry = {
        "id": companion_id,
        "person": person_id,
        "profile": runtime.current().sealer.seal(_PLACE, _record(resident, companion_id), profile),
        "kind": document.kind,
        "tail": mask(document.kind, document.number),
        "self": is_self,
        "added_at": clock.now(),
    }
    free = {
        "_id": resident.account_id,
        "companions.person": {"$ne": person_id},
        f"companions.{MOST - 1}": {"$exists": False},
    }
    if not Account._get_collection().update_one(free, {"$push": {"companions": entry}}).matched_count:
        raise _refusal(resident, person_id)
    return _open(resident, entry)


def _refusal(resident: Resident, person_id: ObjectId) -> Conflict:
    listed = Account._get_collection().find_one(
        {"_id": resident.account_id, "companions.person": person_id}, {"_id": 1}
    )
    return AlreadyListed() if listed else TooManyCompanions(most=MOST)


def remove(resident: Resident, companion_id: str) -> None:
    """Take a visitor off the list; orders made for them stay.

    Raises:
        NotFound: not on this account's list, or the account's own person.
    """
    taken = {"id": companion_id, "self": False}
    change = {"$pull": {"companions": taken}}
    if (
        not Account._get_collection()
        .update_one({"_id": resident.account_id, "companions": {"$elemMatch": taken}}, change)
        .matched_count
    ):
        raise NotFound


def listed(resident: Resident) -> list[Companion]:
    """Return the account's visitors."""
    return [_open(resident, entry) for entry in resident.document.get("companions", [])]


def chosen(resident: Resident, companion_ids: list[str]) -> list[Companion | None]:
    """Return the visitors with these ids, None where the account has none such."""
    entries = {entry["id"]: entry for entry in resident.document.get("companions", [])}
    return [_open(resident, entries[i]) if i in entries else None for i in companion_ids]


def masked(companion: Companion) -> dict[str, Any]:
    """Return what a screen shows of a visitor."""
    return {
        "id": companion.id,
        "name": mask_name(companion.name),
        "document_kind": companion.kind,
        "document_tail": companion.tail,
        "is_self": companion.is_self,
    }


def _open(resident: Resident, entry: dict[str, Any]) -> Companion:
    text = runtime.current().sealer.open(_PLACE, _record(resident, entry["id"]), entry["profile"])
    profile = orjson.loads(text)
    return Companion(
        entry["id"],
        entry["person"],
        profile["name"],
        person.read_birth(profile),
        entry["kind"],
        entry["tail"],
        entry["self"],
    )


def _record(resident: Resident, companion_id: str) -> str:
    return f"{resident.account_id}:{companion_id}"
