"""An account: a WeChat user of the mini-program, its sessions, consents, binding and companions.

One document holds all of it, so that a request needs one read to know who asks and what they may do.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import Conflict, NotLoggedIn
from backend.personal_data import Blind, Holding, Sealed
from backend.store import documents
from backend.store.combining import Reads
from models.identity import levels, opaque_token
from models.identity.actors import Resident

ACCESS_LASTS = timedelta(hours=2)
REFRESH_LASTS = timedelta(days=30)
MOST_SESSIONS = 5
FORMER_KEPT = 30
"""Refresh tokens that a session remembers as exchanged: using one again means that somebody copied it."""


class Account(Document):
    """`level` is `account` until a person is bound, then the assurance of that binding, reached by `method`.

    `closing` accounts are being erased: nobody logs in to them any more.
    """

    meta = {
        "collection": "accounts",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["openid_index"], "unique": True},
            {"fields": ["phone_index"], "sparse": True},
            {"fields": ["person"], "sparse": True},
            {"fields": ["companions.person"], "sparse": True},
        ],
    }
    openid = BinaryField(required=True)
    openid_index = ListField(BinaryField(), required=True)
    session_key = BinaryField()
    privacy = ListField(DictField())
    consents = DictField()
    consent_refused = DictField()
    phone = BinaryField()
    phone_index = ListField(BinaryField())
    person = ObjectIdField()
    level = StringField(choices=levels.LEVELS, required=True)
    method = StringField(choices=tuple(levels.METHOD_ZH))
    sessions = ListField(DictField())
    companions = ListField(DictField())
    created_at = DateTimeField(required=True)
    closing = BooleanField()


personal_data.declare(
    Holding(
        "accounts",
        "小程序账号、手机号和常用游客",
        accounts=("_id",),
        persons=("person", "companions.person"),
        sealed=(
            Sealed("openid"),
            Sealed("session_key", secret=True),
            Sealed("phone"),
            Sealed("companions.profile", record="{_id}:{id}", place="accounts.companions"),
        ),
        traces=("companions.kind", "companions.tail"),
        blind=(
            Blind("openid_index", "accounts.openid", source="openid"),
            Blind("phone_index", "accounts.phone", source="phone"),
        ),
    )
)


class SessionEnded(NotLoggedIn):
    """401: the token is unknown, expired or revoked."""

    code = "session_ended"
    zh = "登录已过期,请重新登录。"
    en = "Your session has ended. Please log in again."


class AccountClosing(Conflict):
    """409: the account of this WeChat user is being erased."""

    code = "account_closing"
    zh = "您的原账号正在注销,请几分钟后再登录;登录后将是一个新账号。"
    en = "Your former account is being erased. Log in again in a few minutes; it will be a new account."


@dataclass(frozen=True)
class Tokens:
    """What the phone keeps. The store keeps only digests."""

    access: str
    refresh: str
    access_until: datetime
    refresh_until: datetime


def log_in(openid: str, session_key: str, privacy_version: str) -> tuple[ObjectId, Tokens]:
    """Open a session for a WeChat user, making the account at the first login; record the accepted privacy text.

    Raises:
        AccountClosing: the former account is not erased yet.
    """
    sealer, accounts, now = runtime.current().sealer, Account._get_collection(), clock.now()
    account = _found_or_made(openid, now)
    account_id = account["_id"]
    tokens, session = _new_session(account_id, now)
    change: dict[str, Any] = {
        "$set": {"session_key": sealer.seal("accounts.session_key", account_id, session_key)},
        "$push": {"sessions": {"$each": [session], "$slice": -MOST_SESSIONS}},
    }
    if privacy_version not in [text["version"] for text in account.get("privacy", [])]:
        change["$push"]["privacy"] = {"version": privacy_version, "at": now}
    if not accounts.update_one({"_id": account_id, "closing": {"$ne": True}}, change).matched_count:
        raise AccountClosing
    return account_id, tokens


def _found_or_made(openid: str, now: datetime) -> dict[str, Any]:
    sealer, accounts, new_id = runtime.current().sealer, Account._get_collection(), ObjectId()
    indexes = sealer.blinds("accounts.openid", openid)
    guard, shown = {"openid_index": {"$in": indexes}}, {"_id": 1, "privacy.version": 1}
    made = {
        "_id": new_id,
        "openid": sealer.seal("accounts.openid", new_id, openid),
        "openid_index": indexes,
        "level": "account",
        "consents": {},
        "companions": [],
        "created_at": now,
    }
    try:
        return accounts.find_one_and_update(
            guard, {"$setOnInsert": made}, projection=shown, upsert=True, return_document=ReturnDocument.AFTER
        )
    except DuplicateKeyError:  # another login of the same user made it at this very moment
        return accounts.find_one(guard, shown)


def _new_session(account_id: ObjectId, now: datetime) -> tuple[Tokens, dict[str, Any]]:
    tokens = _new_tokens(account_id, now)
    return tokens, {"id": secrets.token_hex(8), "opened_at": now, **_digests(tokens)}


def _new_tokens(account_id: ObjectId, now: datetime) -> Tokens:
    access, refresh_token = opaque_token.make(account_id), opaque_token.make(account_id)
    return Tokens(access, refresh_token, now + ACCESS_LASTS, now + REFRESH_LASTS)


def _digests(tokens: Tokens) -> dict[str, Any]:
    return {
        "access": opaque_token.digest(tokens.access),
        "access_until": tokens.access_until,
        "refresh": opaque_token.digest(tokens.refresh),
        "refresh_until": tokens.refresh_until,
    }


_SEEN = dict.fromkeys(
    ("sessions", "person", "level", "method", "companions", "consents", "consent_refused", "openid"), 1
)


_reads = Reads(Account._get_collection, _SEEN)


def authenticate(token: str) -> Resident:
    """Return who holds an access token.

    Raises:
        SessionEnded: unknown, expired or revoked.
    """
    account = _reads.find(opaque_token.owner(token)) or {}
    digest, now = opaque_token.digest(token), clock.now()
    for session in account.get("sessions", []):
        if hmac.compare_digest(session["access"], digest) and session["access_until"] > now:
            return Resident(account["_id"], session["id"], account)
    raise SessionEnded


def refresh(token: str) -> Tokens:
    """Exchange a refresh token for a new pair. One that was exchanged before ends its session: it was copied.

    Raises:
        SessionEnded: unknown, expired, revoked or used before.
    """
    account_id, digest, now = opaque_token.owner(token), opaque_token.digest(token), clock.now()
    if account_id is None:
        raise SessionEnded
    accounts, tokens = Account._get_collection(), _new_tokens(account_id, now)
    live = {"$elemMatch": {"refresh": digest, "refresh_until": {"$gt": now}}}
    change = {
        "$set": {f"sessions.$.{name}": value for name, value in _digests(tokens).items()},
        "$push": {"sessions.$.former_refresh": {"$each": [digest], "$slice": -FORMER_KEPT}},
    }
    if accounts.update_one({"_id": account_id, "sessions": live}, change).matched_count:
        return tokens
    accounts.update_one({"_id": account_id}, {"$pull": {"sessions": {"former_refresh": digest}}})
    raise SessionEnded


def log_out(resident: Resident, *, everywhere: bool = False) -> None:
    """End this session, or all sessions of the account, at once."""
    ended: dict[str, Any] = {} if everywhere else {"id": resident.session_id}
    change: dict[str, Any] = {"$set": {"sessions": []}} if everywhere else {"$pull": {"sessions": ended}}
    Account._get_collection().update_one({"_id": resident.account_id}, change)


def openid(account_id: ObjectId) -> str:
    """Return the WeChat openid of an account, for calls to WeChat on its behalf.

    Raises:
        NotFound: the account was closed.
    """
    account = documents.one(Account, {"_id": account_id}, {"openid": 1})
    return runtime.current().sealer.open("accounts.openid", account_id, account["openid"])


def of_person(person_id: ObjectId) -> list[ObjectId]:
    """Return the accounts that surely are a person's; a declared one may be anybody's."""
    query = {"person": person_id, "level": {"$in": list(levels.ONE_ACCOUNT)}}
    return [found["_id"] for found in Account._get_collection().find(query, {"_id": 1})]


def persons_of(account_ids: list[ObjectId]) -> list[ObjectId]:
    """Return the persons that some accounts are bound to, declared ones too: whom it is about when they are shown."""
    found = Account._get_collection().find({"_id": {"$in": account_ids}}, {"person": 1})
    return [one["person"] for one in found if one.get("person")]
