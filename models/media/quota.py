"""How much one owner may keep: number and bytes of files, in one guarded counter.

Taken in the transaction that opens a file and given back in the one that deletes it, so nothing heals a gap: there is
none.
"""

from typing import Any

from mongoengine import Document, IntField, StringField
from pymongo.client_session import ClientSession

from backend.errors import Conflict
from backend.personal_data import Holding, declare

MIB = 1 << 20
LIMITS = {"resident": (200, 300 * MIB), "staff": (2_000, 4_096 * MIB)}
"""Files and bytes by the kind of owner."""


class FileQuota(Document):
    """The id is the owner's key."""

    meta = {"collection": "file_quotas", "auto_create_index": False}
    id = StringField(primary_key=True)
    count = IntField(required=True, min_value=0)
    size = IntField(required=True, min_value=0)


declare(Holding("file_quotas", zh="文件用量", keys=("_id",)))


class QuotaUsedUp(Conflict):
    """409: the owner keeps as much as one may."""

    code = "file_quota_used_up"
    zh = "您上传的文件已达上限({count} 个或 {mb} MB),请先删除不用的文件。"
    en = "You have reached your limit of {count} files or {mb} MB. Delete some first."


def ready(owner: str) -> None:
    """Make the counter of an owner that has none, before the transaction that takes from it."""
    empty = {"$setOnInsert": {"count": 0, "size": 0}}
    FileQuota._get_collection().update_one({"_id": owner}, empty, upsert=True)


def take(owner: str, size: int, session: ClientSession) -> None:
    """Count a file of `size` bytes.

    Raises:
        QuotaUsedUp: the owner keeps as much as one may.
    """
    count, most = LIMITS[owner.partition(":")[0]]
    guard: dict[str, Any] = {"_id": owner, "count": {"$lt": count}, "size": {"$lte": most - size}}
    change = {"$inc": {"count": 1, "size": size}}
    if not FileQuota._get_collection().update_one(guard, change, session=session).matched_count:
        raise QuotaUsedUp(count=count, mb=most // MIB)


def give_back(owner: str, size: int, session: ClientSession) -> None:
    """Take a deleted file out of the count."""
    change = {"$inc": {"count": -1, "size": -size}}
    FileQuota._get_collection().update_one({"_id": owner}, change, session=session)
