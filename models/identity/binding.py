"""Bindings: which account was whose, since when, how surely, and why it ended. The account carries what holds now.

A person is bound to one account at most at the levels `matched` and `verified`. A declared binding holds beside others
of the same person, and yields to a verified one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import Conflict
from backend.store import transactions
from models.identity import levels, person, relation
from models.identity.account import Account

COLLECTION = "bindings"
outbox.carried_by(COLLECTION)


class Binding(Document):
    """One span of one account at one level; `open` while it holds, `sole` where no other may hold the person."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["account"], "unique": True, "partialFilterExpression": {"open": True}},
            {"fields": ["person"], "unique": True, "partialFilterExpression": {"sole": True}},
            {"fields": ["account", "-_id"]},
            {"fields": ["person", "-_id"]},
            outbox.INDEX,
        ],
    }
    account = ObjectIdField(required=True)
    person = ObjectIdField(required=True)
    level = StringField(choices=levels.PERSON_LEVELS, required=True)
    method = StringField(choices=tuple(levels.METHOD_ZH), required=True)
    evidence = ListField(StringField())
    by = StringField(required=True)
    since = DateTimeField()
    open = BooleanField()
    sole = BooleanField()
    ended_at = DateTimeField()
    end_reason = StringField()
    ended_by = StringField()
    outbox = ListField(DictField())


personal_data.declare(
    personal_data.Holding(
        COLLECTION,
        zh="实名绑定记录",
        persons=("person",),
        accounts=("account",),
        at_deletion="restrict",
        because="证明账号与身份的绑定及其变更(网络安全法真实身份信息要求)",
    )
)


class BindingChanged(Conflict):
    """409: the account is not this person's any more."""

    code = "binding_changed"
    zh = "账号绑定的身份已变更,请刷新后重新办理。"
    en = "The account is bound to somebody else by now. Refresh and begin again."


class PersonHeld(Conflict):
    """409: the person is bound to another account, surely enough that only a counter moves it."""

    code = "person_bound_elsewhere"
    zh = "该身份已在另一微信账号核验。如系本人更换账号,请持身份证到政务服务窗口办理。"
    en = "This person is verified with another account. To move it, bring the identity card to a service counter."


def record(
    account_id: ObjectId, person_id: ObjectId, level: str, *, method: str, evidence: Sequence[str] = (), by: str
) -> dict[str, Any]:
    """Return a binding that begins now, not stored yet."""
    told: dict[str, Any] = {
        "_id": ObjectId(),
        "account": account_id,
        "person": person_id,
        "level": level,
        "method": method,
        "evidence": list(evidence),
        "by": by,
        "since": clock.now(),
        "open": True,
    }
    return told | ({"sole": True} if level in levels.ONE_ACCOUNT else {})


def begin(new: dict[str, Any], session: ClientSession) -> None:
    """Store a binding within the transaction that changes its account; the account's former one ends."""
    end(new["account"], "replaced", new["since"], session)
    Binding._get_collection().insert_one(new, session=session)
    person.raise_level(new["person"], new["level"], session)


def end(account_id: ObjectId, reason: str, at: datetime, session: ClientSession) -> None:
    """End the record of an account's binding within the transaction that changes the account."""
    Binding._get_collection().update_one(
        {"account": account_id, "open": True}, {"$set": _closed(reason, at)}, session=session
    )


def _closed(reason: str, at: datetime) -> dict[str, Any]:
    return {"open": False, "sole": False, "ended_at": at, "end_reason": reason}


def require_free(person_id: ObjectId, account_id: ObjectId, session: ClientSession | None = None) -> None:
    """Check that no other account holds the person surely.

    Raises:
        PersonHeld: one does.
    """
    query = {"person": person_id, "_id": {"$ne": account_id}, "level": {"$in": list(levels.ONE_ACCOUNT)}}
    if Account._get_collection().find_one(query, {"_id": 1}, session=session):
        raise PersonHeld


def raise_level(
    account_id: ObjectId, person_id: ObjectId, level: str, *, method: str, evidence: Sequence[str], by: str
) -> bool:
    """Make an account's binding surer, at once; it never falls. Return whether this call raised it.

    `evidence` are ids of what proves it, never values. From `verified` on, other accounts' declared bindings end.

    Raises:
        BindingChanged: the account is not bound to this person.
        PersonHeld: another account holds the person surely; only a counter moves that.
    """
    new = record(account_id, person_id, level, method=method, evidence=evidence, by=by)

    def change(session: ClientSession) -> bool:
        found = Account._get_collection().find_one({"_id": account_id}, {"person": 1, "level": 1}, session=session)
        if found is None or found.get("person") != person_id:
            raise BindingChanged
        if levels.reaches(found["level"], level):
            return False
        person.claim(person_id, new["since"], session)
        require_free(person_id, account_id, session)
        if level == "verified":
            end_others(person_id, account_id, new["since"], by=by, session=session)
        set_to = {"$set": {"level": level, "method": method}}
        Account._get_collection().update_one({"_id": account_id}, set_to, session=session)
        begin(new, session)
        return True

    raised = transactions.run(change)
    outbox.wake("notify")
    return raised


def end_others(
    person_id: ObjectId, keep: ObjectId | None, at: datetime, *, by: str, session: ClientSession
) -> list[ObjectId]:
    """End the person's bindings to all accounts but one, tell their holders, and return those accounts.

    They fall to `account`, lose their own entry among the companions and what they proposed for the person; sessions,
    orders and other companions stay.
    """
    accounts = Account._get_collection()
    held = list(accounts.find({"person": person_id, "_id": {"$ne": keep}}, {"level": 1, "method": 1}, session=session))
    for found in held:
        _lost(person_id, found, at, by, session)
    ids = [found["_id"] for found in held]
    stale = {"person": person_id, "sole": True, "account": {"$nin": [keep, *ids]}}
    Binding._get_collection().update_many(stale, {"$set": _closed("stale", at)}, session=session)
    relation.end_of_accounts(ids, by=by, session=session)
    fall = {
        "$set": {"level": "account"},
        "$unset": {"person": "", "method": ""},
        "$pull": {"companions": {"self": True}},
    }
    accounts.update_many({"_id": {"$in": ids}, "person": person_id}, fall, session=session)
    return ids


def _lost(person_id: ObjectId, found: dict[str, Any], at: datetime, by: str, session: ClientSession) -> None:
    """Close the record of an account that loses its person; one that is older than these records gets one so."""
    first = {
        "person": person_id,
        "level": found["level"],
        "method": found.get("method", "declared"),
        "by": f"resident:{found['_id']}",
    }
    change = {
        "$set": _closed("moved", at) | {"ended_by": by},
        "$setOnInsert": first,
        "$push": {"outbox": told("binding_lost", found["_id"])},
    }
    query = {"account": found["_id"], "open": True}
    Binding._get_collection().update_one(query, change, upsert=True, session=session)


def told(notice: str, account_id: ObjectId) -> dict[str, Any]:
    """Return the outbox entry that tells an account's holder what became of its binding."""
    event = str(ObjectId())
    return outbox.entry("notify", "identity.binding_moved", account=str(account_id), notice=notice, event=event)


def since(person_id: ObjectId) -> dict[ObjectId, datetime]:
    """Return since when each account is bound to a person as it is."""
    found = Binding._get_collection().find({"person": person_id, "open": True}, {"account": 1, "since": 1})
    return {one["account"]: one["since"] for one in found if one.get("since")}
