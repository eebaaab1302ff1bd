"""Events that WeChat pushes: stored once under their key, applied by the queue."""

from datetime import timedelta
from typing import Any

import orjson
import structlog
from mongoengine import BinaryField, DateTimeField, DictField, Document, ListField, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.personal_data import Blind, Holding, Sealed
from backend.wechat.push import event_key
from models.messaging import grant, send_subscribe

log = structlog.get_logger()

COLLECTION = "push_events"
KEPT_SECONDS = 30 * 24 * 3600
UNKNOWN_FOR = timedelta(minutes=3)
"""An event may be quicker than the sender's note of the message's id; after this the message is nobody's."""
AGAIN_SECONDS = 20
NOT_GRANTED = "43101"
MOST_STATUS = 100
outbox.carried_by(COLLECTION)


class PushEvent(Document):
    """The event names a user's openid, so it is sealed. Kept for thirty days."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["received_at"], "expireAfterSeconds": KEPT_SECONDS},
            {"fields": ["openid_index"], "sparse": True},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    kind = StringField(required=True)
    event = BinaryField(required=True)
    openid_index = ListField(BinaryField())
    received_at = DateTimeField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "微信推送事件",
        openids=("openid_index",),
        sealed=(Sealed("event"),),
        blind=(Blind("openid_index", "accounts.openid", held_by="accounts"),),
    )
)


def receive(event: dict[str, Any]) -> bool:
    """Store an event for the queue; return False when it came before."""
    key = event_key(event)
    if "MsgId" not in event:  # two events of one user in one second differ by what they say
        key += orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode()
    digest = runtime.current().sealer.blind("push_events.key", key).hex()
    kind = str(event.get("Event") or event.get("MsgType") or "")
    record = {
        "_id": digest,
        "kind": kind,
        "event": runtime.current().sealer.seal(f"{COLLECTION}.event", digest, orjson.dumps(event).decode()),
        "openid_index": runtime.current().sealer.blinds("accounts.openid", str(event.get("FromUserName", ""))),
        "received_at": clock.now(),
        "outbox": [outbox.entry("push", "messaging.apply_push", event=digest)],
    }
    try:
        PushEvent._get_collection().insert_one(record)
    except DuplicateKeyError:
        return False
    outbox.wake("push")
    return True


def apply(event_id: str) -> None:
    """Carry out a stored event: grants given or taken back, messages that came or did not; the rest is only logged.

    Raises:
        outbox.Later: an event tells of a message whose sender has not noted its id yet.
    """
    found = PushEvent._get_collection().find_one({"_id": event_id})
    if found is None:
        return
    event = orjson.loads(runtime.current().sealer.open(f"{COLLECTION}.event", event_id, found["event"]))
    for number, item in enumerate(_items(event, found["kind"])):
        _subscription(found, str(event.get("FromUserName", "")), item, number)
    log.info("push_event", kind=found["kind"])


def _items(event: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    name = {
        "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
        "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
        "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
    }
    inner = event.get(name.get(kind, ""), event)
    items = inner.get("List", []) if isinstance(inner, dict) else inner
    return [item for item in (items if isinstance(items, list) else [items]) if isinstance(item, dict)]


def _subscription(found: dict[str, Any], openid: str, item: dict[str, Any], number: int) -> None:
    template, status = str(item.get("TemplateId", "")), item.get("SubscribeStatusString")
    if found["kind"] == "subscribe_msg_popup_event" and status in grant.ANSWERS:
        key = f"push:{found['_id']}:{number}"
        grant.answered(openid, template, status, key=key, source="wechat", at=found["received_at"])
    elif found["kind"] == "subscribe_msg_change_event" and status == "reject":
        grant.withdraw(openid, template)
    elif found["kind"] == "subscribe_msg_sent_event":
        _result(found, openid, item)


def _result(found: dict[str, Any], openid: str, item: dict[str, Any]) -> None:
    msgid, code = str(item.get("MsgID") or ""), str(item.get("ErrorCode") or "0")
    status = str(item.get("ErrorStatus") or "")[:MOST_STATUS]
    reason = "success" if code == "0" and status in ("", "success") else status or code
    refused = "refuse" in status or code == NOT_GRANTED
    template = str(item.get("TemplateId", ""))
    if not msgid or send_subscribe.result(openid, msgid, template, refused=refused, reason=reason):
        return
    if clock.now() - found["received_at"] < UNKNOWN_FOR:
        raise outbox.Later(AGAIN_SECONDS)
