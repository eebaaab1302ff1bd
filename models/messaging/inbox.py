"""The inbox (站内消息): what a resident finds in the app at the next opening, whether WeChat delivered it or not.

A message is a kind and plain values, never personal data of somebody else; the sentence is made when it is read.
"""

from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ObjectIdField, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import NotFound
from backend.store import paging

KINDS = {
    "binding_gained": ("身份绑定", "您的账号已在政务服务窗口完成实人核验。如非本人办理,请立即拨打 12345。"),
    "binding_lost": (
        "身份绑定",
        "您账号上的实名绑定已结束:该身份已由本人核验到其他账号,或在窗口解除。登录和已有订单不受影响;如有疑问,请持身份证到窗口办理。",
    ),
    "relation_proposed": ("代办授权", "有人请您代为办理事项,请在“代办与监护”中查看并确认。"),
    "relation_active": ("代办授权", "一项代办或监护关系已生效或更新,请在“代办与监护”中查看。如非本人意愿,可随时撤销。"),
    "privacy_copy": ("个人信息副本", "您申请的个人信息副本已就绪,请在“我的信息”中下载。"),
    "privacy_waits": ("账号注销", "您还有未了结的{what},办结或取消后系统将自动完成注销。"),
    "case_asked": ("我的事项", "您的事项 {number} 需要您补充或答复,请在“我的事项”中查看并按期答复。"),
    "case_decided": ("我的事项", "您的事项 {number} 已作出决定,请在“我的事项”中查看;如不服,可按其中提示申请复核。"),
    "relation_ended": ("代办授权", "一项代办或监护关系已结束,请在“代办与监护”中查看。"),
}
"""Each kind with its title and sentence; `{name}` is filled from the message's values."""


class InboxMessage(Document):
    """One message to one account; `key` makes it once however often it is put."""

    meta = {
        "collection": "inbox_messages",
        "auto_create_index": False,
        "indexes": [{"fields": ["key"], "unique": True}, {"fields": ["account", "-_id"]}],
    }
    account = ObjectIdField(required=True)
    kind = StringField(choices=tuple(KINDS), required=True)
    values = DictField()
    key = StringField(required=True)
    at = DateTimeField(required=True)
    read_at = DateTimeField()


personal_data.declare(personal_data.Holding("inbox_messages", zh="站内消息", accounts=("account",)))


def put(account_id: ObjectId, kind: str, *, key: str, **values: str) -> bool:
    """Leave a message; return False where the same one lies there already."""
    record = {"account": account_id, "kind": kind, "values": values, "key": f"{kind}:{account_id}:{key}"}
    try:
        InboxMessage._get_collection().insert_one(record | {"at": clock.now()})
    except DuplicateKeyError:
        return False
    return True


def listed(account_id: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of an account's messages, newest first."""
    found, following = paging.page(
        InboxMessage._get_collection(), {"account": account_id}, sort=("_id", -1), cursor=cursor, limit=limit
    )
    return [_line(one) for one in found], following


def _line(found: dict[str, Any]) -> dict[str, Any]:
    title, sentence = KINDS[found["kind"]]
    return {
        "id": str(found["_id"]),
        "kind": found["kind"],
        "title_zh": title,
        "text_zh": sentence.format(**found["values"]),
        "at": clock.civil(found["at"]).isoformat(timespec="seconds"),
        "read": "read_at" in found,
    }


def mark_read(account_id: ObjectId, message_id: ObjectId) -> None:
    """Note that a message was read; repeating it changes nothing.

    Raises:
        NotFound: not a message of this account.
    """
    query, change = {"_id": message_id, "account": account_id}, {"$min": {"read_at": clock.now()}}
    if not InboxMessage._get_collection().update_one(query, change).matched_count:
        raise NotFound
