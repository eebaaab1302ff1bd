"""Companions: the visitors that an account books for, oneself among them. Bounded, inside the account's document."""

import secrets
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson
from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.errors import Conflict, NotFound, Unprocessable
from backend.identity_documents import IdentityDocument, age_on, mask, mask_name
from backend.store import transactions
from models.audit import access_line
from models.identity import binding, consent, person, relation
from models.identity.account import Account
from models.identity.actors import Resident
from models.identity.consent import ConsentNeeded
from models.identity.person import Known

MOST = 30
_PLACE = "accounts.companions"
ACTING_FIELDS = ("person.name", "person.document_kind", "person.document_tail")
"""What of the person acted for an answer holds, for the access line."""


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
    relation_id: ObjectId | None = None


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


class GuardianNeeded(Unprocessable):
    """422: a child does not use an account of their own; the guardian acts."""

    code = "guardian_needed"
    zh = "未满 14 周岁的儿童由监护人办理,请监护人用自己的微信登录,或到窗口办理监护关系。"
    en = "For a child under 14 the guardian acts, with an account of their own."


def bind(resident: Resident, document: IdentityDocument, name: str) -> Companion:
    """Bind the account to the person who uses it, as declared by themselves.

    Raises:
        ConsentNeeded: no consent to use the document.
        AlreadyBound: bound to somebody before.
        GuardianNeeded: the person is a child.
        PersonHeld: another account holds the person surely.
    """
    if resident.person_id:
        raise AlreadyBound
    consent.require(resident, "document")
    if _is_child(document):
        raise GuardianNeeded
    entry = _entry(resident.account_id, person.find_or_declare(document, name), name, document, is_self=True)
    person_id = entry["person"]
    new = binding.record(resident.account_id, person_id, "declared", method="declared", by=resident.key)
    change = {
        "$set": {"person": person_id, "level": "declared", "method": "declared"},
        "$push": {"companions": entry},
    }

    def store(session: ClientSession) -> None:
        person.claim(person_id, new["since"], session)
        binding.require_free(person_id, resident.account_id, session)
        guard = {"person": None, **_free(resident.account_id, person_id, "document")}
        if not Account._get_collection().update_one(guard, change, session=session).matched_count:
            raise _refusal(resident, person_id, "document")
        binding.begin(new, session)

    transactions.run(store)
    return _open(resident, entry)


def own_entry(account_id: ObjectId, known: Known) -> dict[str, Any]:
    """Return the entry of the account's own person, not stored yet: for a binding that a clerk makes."""
    document = IdentityDocument(known.kind, known.number, known.birth)
    return _entry(account_id, known.id, known.name, document, is_self=True)


def add(resident: Resident, document: IdentityDocument, name: str) -> Companion:
    """Put a visitor on the account's list.

    Raises:
        ConsentNeeded: no consent to use the document; of a child below fourteen, that of the guardian (PIPL 31).
        AlreadyListed: the person is on it.
        TooManyCompanions: the list is full.
    """
    purpose = "minor" if _is_child(document) else "document"
    consent.require(resident, purpose)
    entry = _entry(resident.account_id, person.find_or_declare(document, name), name, document, is_self=False)
    entry |= {"consent": purpose}
    guard = _free(resident.account_id, entry["person"], purpose)
    if not Account._get_collection().update_one(guard, {"$push": {"companions": entry}}).matched_count:
        raise _refusal(resident, entry["person"], purpose)
    return _open(resident, entry)


def _is_child(document: IdentityDocument) -> bool:
    return bool(document.birth_date and age_on(document.birth_date, clock.today()) < person.CHILD_BELOW)


def add_by_relation(resident: Resident, relation_id: ObjectId) -> Companion:
    """Put the person whom the resident may book for on the list, as verified; it serves while the relation holds.

    Raises:
        ActingRefused, ScopeMissing: no relation in force, or it does not allow booking.
        ConsentNeeded: the guardian of a child has not consented to give the child's data.
        AlreadyListed: the person is on it.
        TooManyCompanions: the list is full.
    """
    acting = relation.acting(resident, relation_id)
    actor = replace(resident, acting=acting)
    actor.require_scope("book")
    known = person.read(acting.person_id)
    purpose = "minor" if known.is_child else "document"
    consent.require(resident, purpose)
    document = IdentityDocument(known.kind, known.number, known.birth)
    entry = _entry(resident.account_id, known.id, known.name, document, is_self=False)
    entry |= {"relation": relation_id, "consent": purpose}
    access_line.record(actor, purpose="acting_for", subjects=[known.id], fields=ACTING_FIELDS)
    former = {"person": known.id, "relation": {"$exists": True, "$ne": relation_id}}

    def store(session: ClientSession) -> None:
        accounts, mine = Account._get_collection(), {"_id": resident.account_id}
        accounts.update_one(mine, {"$pull": {"companions": former}}, session=session)
        guard = _free(resident.account_id, known.id, purpose)
        if not accounts.update_one(guard, {"$push": {"companions": entry}}, session=session).matched_count:
            raise _refusal(resident, known.id, purpose)
        relation.note(relation_id, "companion_added", actor.key, session)

    transactions.run(store)
    return _open(resident, entry)


def _entry(
    account_id: ObjectId, person_id: ObjectId, name: str, document: IdentityDocument, *, is_self: bool
) -> dict[str, Any]:
    companion_id = secrets.token_hex(6)
    profile = orjson.dumps({"name": name, "birth": document.birth_date}).decode()
    return {
        "id": companion_id,
        "person": person_id,
        "profile": runtime.current().sealer.seal(_PLACE, _record(account_id, companion_id), profile),
        "kind": document.kind,
        "tail": mask(document.kind, document.number),
        "self": is_self,
        "added_at": clock.now(),
    }


def _free(account_id: ObjectId, person_id: ObjectId, purpose: str) -> dict[str, Any]:
    """Return the guard of a new entry; a consent that is withdrawn at the same moment leaves nothing behind."""
    return {
        "_id": account_id,
        f"consents.{purpose}": {"$exists": True},
        "companions.person": {"$ne": person_id},
        f"companions.{MOST - 1}": {"$exists": False},
    }


def _refusal(resident: Resident, person_id: ObjectId, purpose: str) -> Conflict | ConsentNeeded:
    shown = {"person": 1, "companions.person": 1, "consents": 1}
    found = Account._get_collection().find_one({"_id": resident.account_id}, shown)
    if found and purpose not in found["consents"]:
        return ConsentNeeded(purpose)
    if found and any(one["person"] == person_id for one in found["companions"]):
        return AlreadyListed()
    if found and found.get("person") and not resident.person_id:
        return AlreadyBound()
    return TooManyCompanions(most=MOST)


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
    return [_open(resident, entry) for entry in _usable(resident)]


def chosen(resident: Resident, companion_ids: list[str]) -> list[Companion | None]:
    """Return the visitors with these ids, None where the account has none such."""
    entries = {entry["id"]: entry for entry in _usable(resident)}
    return [_open(resident, entries[i]) if i in entries else None for i in companion_ids]


def _usable(resident: Resident) -> list[dict[str, Any]]:
    """Return the entries, without those whose relation has ended; who has none asks the store for nothing."""
    entries: list[dict[str, Any]] = resident.document.get("companions", [])
    related = [entry["relation"] for entry in entries if "relation" in entry]
    if not related:
        return entries
    holding = relation.holding(related, resident.person_id)
    return [entry for entry in entries if "relation" not in entry or entry["relation"] in holding]


def masked(companion: Companion) -> dict[str, Any]:
    """Return what a screen shows of a visitor."""
    return {
        "id": companion.id,
        "name": mask_name(companion.name),
        "document_kind": companion.kind,
        "document_tail": companion.tail,
        "is_self": companion.is_self,
    } | ({"relation_id": str(companion.relation_id)} if companion.relation_id else {})


def _open(resident: Resident, entry: dict[str, Any]) -> Companion:
    text = runtime.current().sealer.open(_PLACE, _record(resident.account_id, entry["id"]), entry["profile"])
    profile = orjson.loads(text)
    return Companion(
        entry["id"],
        entry["person"],
        profile["name"],
        person.read_birth(profile),
        entry["kind"],
        entry["tail"],
        entry["self"],
        entry.get("relation"),
    )


def _record(account_id: ObjectId, companion_id: str) -> str:
    return f"{account_id}:{companion_id}"
