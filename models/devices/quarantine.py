"""What a scanner handed in and nobody could read: kept for a person to look at, and never in the way of others."""

from datetime import timedelta
from typing import Any

import structlog
from mongoengine import BinaryField, DateTimeField, Document, StringField

from backend import clock, metrics, personal_data, runtime
from backend.personal_data import Holding, Sealed
from models.devices import entry_form
from models.identity.actors import Device

log = structlog.get_logger()

COLLECTION = "journal_quarantine"
MOST_KEPT = 4000
"""Characters of one entry."""
MOST_OF_DEVICE = 500
"""Entries of one scanner: one that sends only nonsense is for its maker, not for the store."""
KEPT = timedelta(days=180)
"""As long as a visitor may still ask what a gate did; then nobody can find out any more."""
REASON_ZH = {
    "form": "格式不对或有多余字段",
    "nonce": "流水号不合规定",
    "at": "时间不合规定",
    "offline_since": "离线开始时间不合规定",
    "code_kind": "码种不合规定",
    "code": "码内容为空或过长",
    "decision": "放行结果不合规定",
    "reason": "原因代码不合规定",
    "zone": "区域不合规定",
    "direction": "方向不合规定",
    "device": "终端编号不合规定",
    "proof": "流水签名不合规定",
    "other_device": "别的终端的流水",
    "forged": "流水签名与内容不符",
    "unsigned": "流水没有终端签名",
    "key_reused": "同一流水号已用于另一内容",
}


class Quarantined(Document):
    """The id reads device, nonce where it could be read, and a digest of the content: the same again is the same."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["unit", "-received_at", "-_id"]},
            {"fields": ["-received_at", "-_id"]},
            {"fields": ["device"]},
            {"fields": ["received_at"], "expireAfterSeconds": int(KEPT.total_seconds())},
        ],
    }
    id = StringField(primary_key=True)
    device = StringField(required=True)
    place = StringField(required=True)
    unit = StringField()
    area = StringField()
    reason = StringField(choices=tuple(REASON_ZH), required=True)
    content = BinaryField(required=True)
    received_at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "无法识别的离线流水",
        sealed=(Sealed("content"),),
        at_deletion="keep",
        because="内容无法识别, 不能对应到个人; 加密存放备查, 180 天后自动删除",
    )
)


def put(device: Device, raw: Any, reason: str) -> bool:
    """Keep what could not be taken; repeating it changes nothing. Return False where the device's part is full.

    Uploads of one moment may go over the bound by what they bring: it keeps the store small and counts nothing.
    """
    kept = Quarantined._get_collection()
    record = f"{device.device_id}:{entry_form.nonce_of(raw)}:{entry_form.digest(raw)[:32]}"
    if kept.find_one({"_id": record}, {"_id": 1}):
        return True
    if kept.count_documents({"device": device.device_id}, limit=MOST_OF_DEVICE) >= MOST_OF_DEVICE:
        metrics.ALARMS.labels("journal_quarantine_full").inc()
        log.warning("journal_quarantine_full", device=device.device_id)
        return False
    text = entry_form.written(raw).decode()[:MOST_KEPT]
    told = {
        "device": device.device_id,
        "place": device.place,
        "unit": device.unit,
        "area": device.area,
        "reason": reason,
        "content": runtime.current().sealer.seal(f"{COLLECTION}.content", record, text),
        "received_at": clock.now(),
    }
    kept.update_one({"_id": record}, {"$setOnInsert": told}, upsert=True)
    return True
