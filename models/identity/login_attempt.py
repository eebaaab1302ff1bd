"""Failed logins, counted by login whether it exists or not, so that a lock tells nobody which accounts there are.

They are counted by the address that they come from: whoever fails in a member's name locks the login for their own
address and not for the member. Guesses from many addresses are stopped by a second count, over all addresses from which
the member never logged in; the member's own are no part of it. Sessions that are open go on in any case.

An attempt is counted before the password is looked at and forgotten when it succeeds: tries at the same time cannot
slip past the lock.
"""

from datetime import datetime, timedelta
from typing import Any

from mongoengine import DateTimeField, Document, ListField, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import TooMany
from backend.personal_data import Holding
from models.identity import known_address

MOST_FAILURES = 5
MOST_FROM_STRANGERS = 20
"""From all unknown addresses together; NIST SP 800-63B-4 (3.2.2) allows a hundred in a row."""
WITHIN = timedelta(minutes=15)
LOCKED = timedelta(minutes=15)
_RACES = 8


class LoginAttempt(Document):
    """The id is the blind index of login and address, or of the login alone for all strangers.

    A day after its last attempt the record goes.
    """

    meta = {
        "collection": "login_attempts",
        "auto_create_index": False,
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 24 * 3600}],
    }
    id = StringField(primary_key=True)
    failures = ListField(DateTimeField())
    locked_until = DateTimeField()
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "login_attempts",
        "工作人员登录失败次数",
        at_deletion="keep",
        because="只含登录名和地址的摘要, 24 小时后自动删除",
    )
)


class LoginLocked(TooMany):
    """429: too many failed logins."""

    code = "login_locked"
    zh = "登录失败次数过多,账号已锁定,请 {retry_after} 秒后再试或联系系统管理员。"
    en = "Too many failed logins. Try again in {retry_after} seconds, or ask the administrator."


def is_strange(login: str, address: str) -> bool:
    """Tell whether an attempt comes from where the login never succeeded.

    Raises:
        LoginLocked: the login is locked for this address. It is not counted.
    """
    found = LoginAttempt._get_collection().find_one({"_id": _key(login, address)}, {"locked_until": 1}) or {}
    _require_open(found, clock.now())
    return not known_address.holds(login, address)


def count(login: str, address: str = "") -> None:
    """Count an attempt; the fifth from an address within a quarter of an hour locks the login there for as long.

    Raises:
        LoginLocked: it is locked for this address, or for all strangers and this is one.
    """
    _count(_key(login, address), MOST_FAILURES)
    if not known_address.holds(login, address):
        _count(_key(login), MOST_FROM_STRANGERS)


def count_inside(login: str, session_id: str) -> None:
    """Count a try of the password by who is logged in; it locks nobody but this session.

    Raises:
        LoginLocked: too many in this session.
    """
    _count(_key(login, session_id), MOST_FAILURES)


def _count(key: str, most: int) -> None:
    attempts, now = LoginAttempt._get_collection(), clock.now()
    guard = {"_id": key, "$or": [{"locked_until": None}, {"locked_until": {"$lte": now}}]}
    for _ in range(_RACES):
        try:
            attempts.update_one(guard, _counted(now, most), upsert=True)
        except DuplicateKeyError:  # locked, or made at this very moment by another attempt
            _require_open(attempts.find_one({"_id": key}) or {}, now)
        else:
            return
    raise TooMany(retry_after=1)


def _require_open(found: dict[str, Any], now: datetime) -> None:
    if (until := found.get("locked_until")) and until > now:
        raise LoginLocked(retry_after=int((until - now).total_seconds()) + 1)


def _counted(now: datetime, most: int) -> list[dict[str, Any]]:
    recent = {"$filter": {"input": {"$ifNull": ["$failures", []]}, "cond": {"$gt": ["$$this", now - WITHIN]}}}
    full = {"$gte": [{"$size": "$failures"}, most]}
    return [
        {"$set": {"failures": {"$concatArrays": [recent, [now]]}, "at": now}},
        {"$set": {"locked_until": {"$cond": [full, now + LOCKED, None]}}},
    ]


def forget(login: str, address: str) -> None:
    """Forget the failures of a login that succeeded, and know its address from then on."""
    LoginAttempt._get_collection().delete_many({"_id": {"$in": [_key(login, address), _key(login)]}})
    known_address.note(login, address)


def forget_inside(login: str, session_id: str) -> None:
    """Forget the tries of a session whose holder knew the password."""
    LoginAttempt._get_collection().delete_one({"_id": _key(login, session_id)})


def _key(login: str, by: str | None = None) -> str:
    """Return the id of the count of a login: by an address or a session, or over all strangers."""
    told = login if by is None else f"{login}\x00{known_address.network(by)}"
    return runtime.current().sealer.blind("login_attempts.login", told).hex()
