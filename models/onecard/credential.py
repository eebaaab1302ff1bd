"""A credential (凭证): what carries a person's codes. Its handle is random, unique, and says nothing about them.

`phone` draws codes by seeds, `family` does so on a relative's phone, `printed` is a signed card on paper. Seeds and
printed texts are derived from the keys and never stored. Revoking goes into the feed for gates in the same transaction.
"""

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.codes import dynamic
from backend.codes.code_kinds import KINDS, PRINTED_KINDS
from backend.personal_data import Holding
from backend.store import documents
from models.devices import revocation

COLLECTION = "credentials"
MEDIUM_ZH = {"phone": "手机", "family": "亲情卡", "printed": "打印卡"}
SEED_DAYS = 7
"""A phone that was offline longer has to ask again, so that a gate never needs a revocation for longer."""
PRINTED_DAYS = 365
KEPT = timedelta(days=180)
"""After a credential has run out its record stays this long: late journal entries name its handle."""


class Credential(Document):
    """`sole` names what there is one of while it lives; `request` is the key of the drawing."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["handle"], "unique": True},
            {"fields": ["sole"], "unique": True, "partialFilterExpression": {"sole": {"$exists": True}}},
            {"fields": ["request"], "unique": True, "partialFilterExpression": {"request": {"$exists": True}}},
            {"fields": ["card", "-_id"]},
            {"fields": ["person", "-_id"]},
            {"fields": ["account"], "sparse": True},
            {"fields": ["forget_at"], "expireAfterSeconds": 0},
        ],
    }
    handle = BinaryField(required=True, max_bytes=8)
    medium = StringField(choices=tuple(MEDIUM_ZH), required=True)
    card = ObjectIdField(required=True)
    person = ObjectIdField(required=True)
    account = ObjectIdField()
    kinds = ListField(StringField(choices=tuple(KINDS)), required=True)
    key_id = IntField(required=True)
    generation = IntField()
    last_day = StringField(required=True)
    not_after = DateTimeField(required=True)
    state = StringField(choices=("live", "revoked"), required=True)
    sole = StringField()
    request = StringField()
    issued_at = DateTimeField(required=True)
    issued_by = StringField(required=True)
    revoked_at = DateTimeField()
    reason = StringField()
    forget_at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        zh="一卡通凭证(手机、打印卡、亲情卡)",
        persons=("person",),
        accounts=("account",),
        at_deletion="keep",
        because="只有随机编号和有效期,用于核对离线用码;到期 180 天后自动删除",
        of_person=True,
    )
)


def make(
    medium: str,
    card_id: ObjectId,
    *,
    person: ObjectId,
    kinds: Iterable[str],
    last_day: date,
    by: str,
    account: ObjectId | None = None,
    sole: str = "",
    request: str = "",
) -> dict[str, Any]:
    """Return a credential that is not stored yet; it ends with the civil day `last_day`."""
    not_after = clock.at(last_day + timedelta(days=1), 0)
    given = {"account": account, "sole": sole, "request": request}
    return {
        "_id": ObjectId(),
        "handle": secrets.token_bytes(dynamic.HANDLE_BYTES),
        "medium": medium,
        "card": card_id,
        "person": person,
        "kinds": list(kinds),
        "key_id": runtime.current().code_keys.current,
        "last_day": last_day.isoformat(),
        "not_after": not_after,
        "state": "live",
        "issued_at": clock.now(),
        "issued_by": by,
        "forget_at": not_after + KEPT,
        **{name: value for name, value in given.items() if value},
    }


def phone(card_id: ObjectId, *, person: ObjectId, account: ObjectId, by: str, request: str) -> dict[str, Any]:
    """Return a credential of the person's own phone; a person has one."""
    return make(
        "phone",
        card_id,
        person=person,
        account=account,
        kinds=KINDS,
        last_day=clock.today() + timedelta(days=SEED_DAYS),
        by=by,
        sole=f"phone:{person}",
        request=request,
    )


def family(
    card_id: ObjectId,
    *,
    person: ObjectId,
    account: ObjectId,
    kinds: Iterable[str],
    last_day: date,
    grant: ObjectId,
    by: str,
    request: str = "",
) -> dict[str, Any]:
    """Return a credential of `person`'s card for a relative's `account`: one a `grant`, to `last_day` at most."""
    return make(
        "family",
        card_id,
        person=person,
        account=account,
        kinds=kinds,
        last_day=min(last_day, clock.today() + timedelta(days=SEED_DAYS)),
        by=by,
        sole=_sole_of_grant(grant),
        request=request,
    )


def printed(card_id: ObjectId, *, person: ObjectId, by: str, request: str = "") -> dict[str, Any]:
    """Return a credential to print; a card has one, the generation tells which."""
    return make(
        "printed",
        card_id,
        person=person,
        kinds=PRINTED_KINDS,
        last_day=clock.today() + timedelta(days=PRINTED_DAYS),
        by=by,
        sole=f"printed:{card_id}",
        request=request,
    )


def insert(record: dict[str, Any], session: ClientSession) -> None:
    """Store a credential; the one that it takes the place of is revoked."""
    credentials = Credential._get_collection()
    if former := credentials.find_one({"sole": record["sole"]}, session=session):
        _end([former], "superseded", session)
    credentials.insert_one(record, session=session)


def next_generation(card_id: ObjectId, session: ClientSession) -> int:
    """Return the number of a card's next printed credential."""
    query = {"card": card_id, "medium": "printed"}
    last = Credential._get_collection().find_one(query, {"generation": 1}, sort=[("_id", -1)], session=session)
    return int(last["generation"]) + 1 if last else 1


def by_handle(handle: bytes) -> dict[str, Any] | None:
    """Return the credential of a handle, None when there is none."""
    return Credential._get_collection().find_one({"handle": handle})


def by_request(request: str) -> dict[str, Any] | None:
    """Return the credential that was drawn under a key, None when none was."""
    return Credential._get_collection().find_one({"request": request})


def revoke(credential_id: ObjectId, reason: str, session: ClientSession) -> None:
    """End one credential; repeating it changes nothing.

    Raises:
        NotFound: no such credential.
    """
    found = documents.one(Credential, {"_id": credential_id}, session=session)
    _end([found], reason, session)


def revoke_all(card_id: ObjectId, reason: str, session: ClientSession) -> None:
    """End every credential of a card."""
    _end(list(Credential._get_collection().find({"card": card_id, "state": "live"}, session=session)), reason, session)


def revoke_grant(grant: ObjectId, reason: str, session: ClientSession) -> None:
    """End what was drawn by a family card; where nothing was, nothing is done."""
    query = {"sole": _sole_of_grant(grant)}
    _end(list(Credential._get_collection().find(query, session=session)), reason, session)


def _sole_of_grant(grant: ObjectId) -> str:
    return f"family:{grant}"


def revoke_of_account(account_id: ObjectId, reason: str, session: ClientSession) -> None:
    """End what an account's phone draws codes by."""
    query = {"account": account_id, "state": "live"}
    _end(list(Credential._get_collection().find(query, session=session)), reason, session)


def _end(found: list[dict[str, Any]], reason: str, session: ClientSession) -> None:
    live = [one for one in found if one["state"] == "live"]
    at = clock.now()
    change = {"$set": {"state": "revoked", "revoked_at": at, "reason": reason}, "$unset": {"sole": ""}}
    query = {"_id": {"$in": [one["_id"] for one in live]}, "state": "live"}
    Credential._get_collection().update_many(query, change, session=session)
    for one in live:
        if one["not_after"] > at:
            key = bytes(one["handle"]).hex()
            revocation.append("credential", [key], reason=reason, until=one["not_after"], session=session)


def usable(found: dict[str, Any], at: datetime, *, online: bool) -> bool:
    """Tell whether a credential held at an instant; for one who asks online, whether it holds now."""
    return found["state"] == "live" or (not online and found["revoked_at"] > at)
