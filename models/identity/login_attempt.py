"""Failed logins, counted by login whether it exists or not, so that a lock tells nobody which accounts there are.

An attempt is counted before the password is looked at and forgotten when it succeeds: tries at the same time cannot
slip past the lock.
"""

from datetime import datetime, timedelta
from typing import Any

from mongoengine import DateTimeField, Document, ListField, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, runtime
from backend.errors import TooMany

MOST_FAILURES = 5
WITHIN = timedelta(minutes=15)
LOCKED = timedelta(minutes=15)
_RACES = 8


class LoginAttempt(Document):
    """The id is the blind index of the login; a day after its last attempt the record goes."""

    meta = {
        "collection": "login_attempts",
        "auto_create_index": False,
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 24 * 3600}],
    }
    id = StringField(primary_key=True)
    failures = ListField(DateTimeField())
    locked_until = DateTimeField()
    at = DateTimeField(required=True)


class LoginLocked(TooMany):
    """429: too many failed logins."""

    code = "login_locked"
    zh = "登录失败次数过多,账号已锁定,请 {retry_after} 秒后再试或联系系统管理员。"
    en = "Too many failed logins. Try again in {retry_after} seconds, or ask the administrator."


def count(login: str) -> None:
    """Count an attempt; the fifth within a quarter of an hour locks the login for as long.

    Raises:
        LoginLocked: it is locked.
    """
    attempts, key, now = LoginAttempt._get_collection(), _key(login), clock.now()
    guard = {"_id": key, "$or": [{"locked_until": None}, {"locked_until": {"$lte": now}}]}
    for _ in range(_RACES):
        try:
            attempts.update_one(guard, _counted(now), upsert=True)
        except DuplicateKeyError:  # locked, or made at this very moment by another attempt
            found = attempts.find_one({"_id": key}) or {}
            if (until := found.get("locked_until")) and until > now:
                raise LoginLocked(retry_after=int((until - now).total_seconds()) + 1) from None
        else:
            return
    raise TooMany(retry_after=1)


def _counted(now: datetime) -> list[dict[str, Any]]:
    recent = {"$filter": {"input": {"$ifNull": ["$failures", []]}, "cond": {"$gt": ["$$this", now - WITHIN]}}}
    full = {"$gte": [{"$size": "$failures"}, MOST_FAILURES]}
    return [
        {"$set": {"failures": {"$concatArrays": [recent, [now]]}, "at": now}},
        {"$set": {"locked_until": {"$cond": [full, now + LOCKED, None]}}},
    ]


def forget(login: str) -> None:
    """Forget the failures of a login that succeeded."""
    LoginAttempt._get_collection().delete_one({"_id": _key(login)})


def _key(login: str) -> str:
    return runtime.current().sealer.blind("login_attempts.login", login).hex()
