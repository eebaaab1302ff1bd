"""Grants of subscribe messages: one tap of a user allows one message of one template."""

from typing import Any

from mongoengine import BinaryField, Document, IntField, StringField

from backend import runtime


class Grant(Document):
    """How many messages of a template a WeChat user still allows; the user is known by the blind index."""

    meta = {
        "collection": "message_grants",
        "auto_create_index": False,
        "indexes": [{"fields": ["openid_index", "template"], "unique": True}],
    }
    openid_index = BinaryField(required=True)
    template = StringField(required=True)
    left = IntField(required=True)


def _key(openid: str, template: str) -> dict[str, Any]:
    return {"openid_index": runtime.current().sealer.blind("accounts.openid", openid), "template": template}


def add(openid: str, template: str, count: int = 1) -> None:
    """Count further grants of a user."""
    Grant._get_collection().update_one(_key(openid, template), {"$inc": {"left": count}}, upsert=True)


def withdraw(openid: str, template: str) -> None:
    """Forget the grants of a user who switched the messages off."""
    Grant._get_collection().update_one(_key(openid, template), {"$set": {"left": 0}})


def use(openid: str, template: str) -> bool:
    """Use up one grant; return whether there was one."""
    query = {**_key(openid, template), "left": {"$gt": 0}}
    return bool(Grant._get_collection().update_one(query, {"$inc": {"left": -1}}).matched_count)
