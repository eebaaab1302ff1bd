"""Grants of subscribe messages (授权次数): one tap of a user allows one message of one template.

A ledger: the balance of a user and template, and a line for each tap, use, refund of a use and withdrawal, written in
one transaction. A line's key makes it once. WeChat keeps the true number; where it says that there is none, ours ends.

The phone reports a tap, and WeChat pushes an event of the same tap: whichever comes second within `SAME_TAP` is noted
with no change. The latest taps stand in the balance, so that two at once are told apart in one document.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.personal_data import Blind, Holding
from backend.store import transactions

SAME_TAP = timedelta(minutes=2)
TAPS_KEPT = 20
ANSWERS = ("accept", "reject", "ban", "filter")
Source = Literal["phone", "wechat"]


class Grant(Document):
    """How many messages of a template a WeChat user still allows; the user is known by the blind index.

    `always` is what the phone said last: whether the user ticked "always keep this choice".
    """

    meta = {
        "collection": "message_grants",
        "auto_create_index": False,
        "indexes": [{"fields": ["openid_index", "template"], "unique": True}],
    }
    openid_index = ListField(BinaryField(), required=True)
    template = StringField(required=True)
    left = IntField(required=True)
    always = BooleanField()
    taps = ListField()


class GrantLine(Document):
    """One line of the ledger: `change` to the balance, and what was left after it. `about` is a notice's id."""

    meta = {
        "collection": "message_grant_lines",
        "auto_create_index": False,
        "indexes": [{"fields": ["key"], "unique": True}, {"fields": ["grant", "-_id"]}],
    }
    key = StringField(required=True)
    grant = ObjectIdField(required=True)
    what = StringField(choices=(*ANSWERS, "use", "refund", "withdraw", "denied"), required=True)
    change = IntField(required=True)
    left = IntField(required=True)
    source = StringField()
    moment = StringField()
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "message_grants",
        "订阅消息授权次数",
        openids=("openid_index",),
        blind=(Blind("openid_index", "accounts.openid", held_by="accounts"),),
    )
)
personal_data.declare(Holding("message_grant_lines", "订阅消息授权明细", via=(("grant", "message_grants"),)))


def _key(openid: str, template: str) -> dict[str, Any]:
    indexes = runtime.current().sealer.blinds("accounts.openid", openid)
    return {"openid_index": {"$in": indexes}, "template": template}


def _grant(openid: str, template: str) -> ObjectId:
    """Return the id of a balance, made outside of any transaction: two that make it at once must not end one."""
    grants, query = Grant._get_collection(), _key(openid, template)
    if found := grants.find_one(query, {"_id": 1}):
        return found["_id"]
    made = {"openid_index": query["openid_index"]["$in"], "left": 0, "taps": []}
    with suppress(DuplicateKeyError):  # another tap of the same user made it at this very moment
        grants.update_one(query, {"$setOnInsert": made}, upsert=True)
    return grants.find_one(query, {"_id": 1})["_id"]


def answered(
    openid: str,
    template: str,
    answer: str,
    *,
    key: str,
    source: Source,
    at: datetime | None = None,
    moment: str = "",
    always: bool = False,
) -> int:
    """Note what a user answered to one template at a tap, once by its key; return what is left."""
    tap = {"key": key, "source": source, "at": at or clock.now()}
    told = {"what": answer, "source": source} | ({"moment": moment} if moment else {})

    def change(session: ClientSession) -> int:
        found = _read(grant_id, session)
        if _line(key, session):
            return int(found["left"])
        return _write(found, key, {**told, "at": tap["at"]}, session, **_tapped(found, answer, tap, always=always))

    grant_id = _grant(openid, template)
    return transactions.run(change)


def _tapped(found: dict[str, Any], answer: str, tap: dict[str, Any], *, always: bool) -> dict[str, Any]:
    """Return what an answer changes: nothing where the other side told of the same tap before."""
    taps, told = list(found.get("taps", [])), {"always": always} if tap["source"] == "phone" else {}
    if answer != "accept":
        return {"change": 0, **told}
    for number, one in enumerate(taps):
        if one["source"] != tap["source"] and abs(tap["at"] - one["at"]) <= SAME_TAP:
            return {"change": 0, "taps": taps[:number] + taps[number + 1 :], **told}
    return {"change": 1, "taps": [*taps, tap][-TAPS_KEPT:], **told}


def _read(grant_id: ObjectId, session: ClientSession) -> dict[str, Any]:
    found = Grant._get_collection().find_one({"_id": grant_id}, session=session)
    return found or {"_id": grant_id, "left": 0}


def _line(key: str, session: ClientSession) -> dict[str, Any] | None:
    return GrantLine._get_collection().find_one({"key": key}, session=session)


def _write(
    found: dict[str, Any], key: str, told: dict[str, Any], session: ClientSession, *, change: int, **more: Any
) -> int:
    left = found["left"] + change
    Grant._get_collection().update_one({"_id": found["_id"]}, {"$set": {"left": left, **more}}, session=session)
    line = {"key": key, "grant": found["_id"], "change": change, "left": left, **told}
    GrantLine._get_collection().insert_one(line, session=session)
    return int(left)


def add(openid: str, template: str, count: int = 1) -> None:
    """Count further grants of a user that no tap is known of."""
    told = {"what": "accept", "at": clock.now()}
    transactions.run(partial(_move, _grant(openid, template), count, f"add:{ObjectId()}", told))


def withdraw(openid: str, template: str, *, what: Literal["withdraw", "denied"] = "withdraw") -> None:
    """Forget the grants of a user who switched the messages off, or whom WeChat says to have none."""
    grant_id, key, now = _grant(openid, template), f"{what}:{ObjectId()}", clock.now()

    def change(session: ClientSession) -> None:
        found = _read(grant_id, session)
        if found["left"]:
            _write(found, key, {"what": what, "at": now}, session, change=-found["left"], taps=[])

    transactions.run(change)


def use(openid: str, template: str, *, key: str = "") -> bool:
    """Use up one grant; return whether there was one. With a key it is one use however often it is called."""
    told = {"what": "use", "at": clock.now()}
    return transactions.run(partial(_move, _grant(openid, template), -1, f"use:{key or ObjectId()}", told))


def refund(openid: str, template: str, key: str) -> partial[bool]:
    """Return the change that gives a use back, once, for the transaction that notes why nothing went out."""
    return partial(_move, _grant(openid, template), 1, f"refund:{key}", {"what": "refund", "at": clock.now()})


def _move(grant_id: ObjectId, by: int, key: str, told: dict[str, Any], session: ClientSession) -> bool:
    if _line(key, session):
        return True
    found = _read(grant_id, session)
    if found["left"] + by < 0:
        return False
    _write(found, key, told, session, change=by)
    return True


def balances(openid: str, templates: list[str]) -> dict[str, int]:
    """Return what is left of each template of a user."""
    indexes = runtime.current().sealer.blinds("accounts.openid", openid)
    found = Grant._get_collection().find({"openid_index": {"$in": indexes}, "template": {"$in": templates}})
    return dict.fromkeys(templates, 0) | {one["template"]: one["left"] for one in found}
