"""What a resident does not want to be told by WeChat or SMS: a setting of their own, kind by kind.

The inbox keeps everything. Closures cannot be switched off: who has a ticket for a closed place must hear of it.
"""

from typing import Any

from bson import ObjectId
from mongoengine import Document, ListField, ObjectIdField, StringField

from backend import personal_data
from backend.errors import NotFound, Unprocessable
from models.messaging import notice_kinds


class MessageSettings(Document):
    """The id is the account's."""

    meta = {"collection": "message_settings", "auto_create_index": False}
    id = ObjectIdField(primary_key=True)
    off = ListField(StringField())


personal_data.declare(personal_data.Holding("message_settings", zh="消息接收设置", accounts=("_id",)))


class CannotSwitchOff(Unprocessable):
    """422: this kind is always told."""

    code = "notice_always_told"
    zh = "关闭、停运一类的通知关系到您的行程,不能关闭。"
    en = "Closures concern your visit. They cannot be switched off."


def is_off(account_id: ObjectId, kind: str) -> bool:
    """Tell whether an account switched a kind off."""
    if not notice_kinds.KINDS[kind].optional:
        return False
    return MessageSettings._get_collection().find_one({"_id": account_id, "off": kind}, {"_id": 1}) is not None


def set_kind(account_id: ObjectId, kind: str, *, on: bool) -> None:
    """Switch a kind on or off; repeating it changes nothing.

    Raises:
        NotFound: no such kind.
        CannotSwitchOff: this kind is always told.
    """
    if kind not in notice_kinds.KINDS:
        raise NotFound
    if not on and not notice_kinds.KINDS[kind].optional:
        raise CannotSwitchOff
    change = {"$pull": {"off": kind}} if on else {"$addToSet": {"off": kind}}
    MessageSettings._get_collection().update_one({"_id": account_id}, change, upsert=True)


def listed(account_id: ObjectId) -> list[dict[str, Any]]:
    """Return every kind, and whether it is on."""
    found = MessageSettings._get_collection().find_one({"_id": account_id}) or {}
    off = set(found.get("off", []))
    return [
        {"kind": code, "title_zh": kind.zh, "on": code not in off or not kind.optional, "can_switch_off": kind.optional}
        for code, kind in notice_kinds.KINDS.items()
    ]
