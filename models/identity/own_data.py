"""One's own data: what every collection holds about a person, opened for them (个人信息保护法第四十五条).

Which collections there are comes from the declarations of `backend.personal_data`. What lies under the account is
shown to whoever holds the account; what lies under the person only from the level `matched` on, because a declared
binding may name somebody else.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, personal_data, runtime
from backend.errors import NotFound
from backend.personal_data import Holding
from backend.store import paging
from models.identity.account import Account
from models.identity.actors import Resident
from models.identity.levels import reaches

BATCH = 100
_INTERNAL = frozenset({"outbox", "claims", "idempotency"})
AT_DELETION_ZH = {"delete": "注销时删除", "restrict": "依法留存,仅存储不使用", "keep": "不含个人身份,留存"}


@dataclass(frozen=True)
class Scope:
    """Whose data: an account, and its person where the binding is good enough."""

    account: ObjectId
    person: ObjectId | None
    openids: tuple[bytes, ...] = ()
    level: str = "verified"

    def query(self, holding: Holding) -> dict[str, Any] | None:
        """Return what finds the scope's documents of a collection, None when there can be none."""
        named = {path: {"$in": [None, self.person]} for path in holding.persons} if holding.of_person else {}
        found: list[dict[str, Any]] = [{path: self.account, **named} for path in holding.accounts]
        found += [{path: f"resident:{self.account}"} for path in holding.keys]
        found += [{path: {"$in": list(self.openids)}} for path in holding.openids if self.openids]
        found += [{path: {"$in": self._ids(collection)}} for path, collection in holding.via]
        if self.person and reaches(self.level, holding.level):
            found += [{path: self.person} for path in holding.persons]
            found += [{path: {"$in": ids}} for path, ids in self._linked(holding)]
        return ({"$or": found} if len(found) > 1 else found[0]) if found else None

    def _linked(self, holding: Holding) -> list[tuple[str, list[Any]]]:
        if holding.linked is None or self.person is None:
            return []
        path, of_persons = holding.linked
        ids = of_persons([self.person])
        return [(path, ids)] if ids else []

    def _ids(self, collection: str) -> list[Any]:
        query = self.query(personal_data.holding(collection))
        return [one["_id"] for one in get_db()[collection].find(query, {"_id": 1})] if query else []

    def owns(self, holding: Holding, document: Mapping[str, Any]) -> bool:
        """Tell whether a document as a whole is about this scope, and not only some element of it.

        An account is its holder's, whomever it is bound to: others may have declared to be this person.
        """
        if "_id" in holding.accounts:
            return bool(document["_id"] == self.account)
        by_account = any(self.account in personal_data.values(document, path) for path in holding.accounts)
        by_key = any(document.get(path) == f"resident:{self.account}" for path in holding.keys)
        by_key = by_key or bool(holding.openids or holding.via)
        alone = [path for path in holding.persons if "." not in path]
        by_link = any(document.get(path) in ids for path, ids in self._linked(holding))
        return by_account or by_key or by_link or any(document.get(path) == self.person for path in alone)


def scope_of(resident: Resident) -> Scope:
    """Return what a resident may see of themselves."""
    person = resident.person_id if reaches(resident.document["level"], "matched") else None
    return Scope(resident.account_id, person, openids_of(resident.account_id), resident.document["level"])


def openids_of(account_id: ObjectId) -> tuple[bytes, ...]:
    """Return the blind indexes of an account's WeChat user; none when the account is gone."""
    found = Account._get_collection().find_one({"_id": account_id}, {"openid_index": 1}) or {}
    kept = found.get("openid_index", [])
    return tuple(kept) if isinstance(kept, list) else (kept,)


def overview() -> list[dict[str, Any]]:
    """Return every kind of data that may be held about a resident, and what deletion does to it."""
    return [
        {
            "collection": holding.collection,
            "collection_zh": holding.zh,
            "at_deletion": holding.at_deletion,
            "at_deletion_zh": AT_DELETION_ZH[holding.at_deletion],
        }
        | ({"because_zh": holding.because} if holding.because else {})
        for holding in _about_residents()
    ]


def _about_residents() -> list[Holding]:
    about = [
        (one, one.accounts or one.persons or one.keys or one.openids or one.via or one.linked)
        for one in personal_data.holdings()
    ]
    return [one for one, paths in about if paths]


def page(scope: Scope, collection: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of one collection's records, oldest first.

    Raises:
        NotFound: no such collection.
    """
    holding = next((one for one in _about_residents() if one.collection == collection), None)
    if holding is None:
        raise NotFound
    query = scope.query(holding)
    if query is None:
        return [], None
    found, following = paging.page(get_db()[collection], query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [shown(scope, holding, one) for one in found], following


def stream(scope: Scope) -> Iterator[bytes]:
    """Yield everything as lines of JSON: one record a line, with the name of its collection."""
    for holding in _about_residents():
        cursor: str | None = ""
        while cursor is not None:
            items, cursor = page(scope, holding.collection, cursor=cursor or None, limit=BATCH)
            for one in items:
                told = {"collection": holding.collection, "collection_zh": holding.zh, "record": one}
                yield orjson.dumps(told) + b"\n"


def shown(scope: Scope, holding: Holding, document: dict[str, Any]) -> dict[str, Any]:
    """Return a record as its person sees it: sealed values opened, keys and other people's data left out."""
    owned, copy = scope.owns(holding, document), deepcopy(document)
    for field in holding.sealed:
        place = holding.place(field)
        for position, owner, name in personal_data.elements(copy, field.path):
            mine = owner is not copy and _mine(scope, owner)
            if field.secret or not (mine or (owned and not field.own)):
                owner.pop(name)
                continue
            record = personal_data.record_name(field, copy, owner, position)
            owner[name] = runtime.current().sealer.open(place, record, owner[name])
    if not owned:
        copy = _only_mine(scope, holding, copy)
    told = _wire({name: value for name, value in copy.items() if name not in _INTERNAL})
    return {"id": told.pop("_id", ""), **told}


def _mine(scope: Scope, owner: Mapping[str, Any]) -> bool:
    return scope.person is not None and scope.person in owner.values()


def _only_mine(scope: Scope, holding: Holding, document: dict[str, Any]) -> dict[str, Any]:
    """Leave the plain fields and, of each list about persons, the elements about this one; of an account only those."""
    heads = {path.split(".")[0] for path in holding.persons}
    plain = "_id" not in holding.accounts
    hidden = {path.split(".")[0] for path in (*holding.accounts, *holding.keys)}
    told = {}
    for name, value in document.items():
        if name in heads and isinstance(value, list):
            told[name] = [one for one in value if one == scope.person or (isinstance(one, dict) and _mine(scope, one))]
        elif plain and name not in hidden and not isinstance(value, list | dict):
            told[name] = value
    return told


def _wire(value: Any) -> Any:
    """Return a value for the wire; digests, indexes and keys, which are bytes, are left out."""
    if isinstance(value, dict):
        return {str(name): _wire(one) for name, one in value.items() if not _is_bytes(one)}
    if isinstance(value, list):
        return [_wire(one) for one in value]
    if isinstance(value, datetime):
        return clock.civil(value).isoformat(timespec="milliseconds")
    return str(value) if isinstance(value, ObjectId) else value


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes) or (isinstance(value, list) and bool(value) and isinstance(value[0], bytes))
