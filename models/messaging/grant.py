"""Grants of subscribe messages: one tap of a user allows one message of one template."""

from typing import Any

from mongoengine import BinaryField, Document, IntField, ListField, StringField
from pymongo.errors import DuplicateKeyError

from backend import personal_data, runtime
from backend.personal_data import Blind, Holding


class Grant(Document):
    """How many messages of a template a WeChat user still allows; the user is known by the blind index."""

    meta = {
        "collection": "message_grants",
        "auto_create_index": False,
        "indexes": [{"fields": ["openid_index", "template"], "unique": True}],
    }
    openid_index = ListField(BinaryField(), required=True)
    template = StringField(required=True)
    left = IntField(required=True)


personal_data.declare(
    Holding(
        "message_grants",
        "订阅消息授权次数",
        openids=("openid_index",),
        blind=(Blind("openid_index", "accounts.openid", held_by="accounts"),),
    )
)


def _indexes(openid: str) -> list[bytes]:
    return runtime.current().sealer.blinds("accounts.openid", openid)


def _key(openid: str, template: str) -> dict[str, Any]:
    return {"openid_index": {"$in": _indexes(openid)}, "template": template}


def add(openid: str, template: str, count: int = 1) -> None:
    """Count further grants of a user."""
    grants, more = Grant._get_collection(), {"$inc": {"left": count}}
    try:
        made = {"$setOnInsert": {"openid_index": _indexes(openid)}}
        grants.update_one(_key(openid, template), more | made, upsert=True)
    except DuplicateKeyError:  # another tap of the same user made it at this very moment
        grants.update_one(_key(openid, template), more)


def withdraw(openid: str, template: str) -> None:
    """Forget the grants of a user who switched the messages off."""
    Grant._get_collection().update_one(_key(openid, template), {"$set": {"left": 0}})


def use(openid: str, template: str) -> bool:
    """Use up one grant; return whether there was one."""
    query = {**_key(openid, template), "left": {"$gt": 0}}
    return bool(Grant._get_collection().update_one(query, {"$inc": {"left": -1}}).matched_count)
