"""The versions of the privacy text. The newest one is what a login must accept."""

import hashlib
from typing import Any

from mongoengine import DateTimeField, Document, StringField

from backend import clock
from backend.errors import Conflict


class PrivacyText(Document):
    """One version; the id is the version's name, for example `2026-11`."""

    meta = {"collection": "privacy_texts", "auto_create_index": False, "indexes": ["valid_from"]}
    id = StringField(primary_key=True)
    body = StringField(required=True)
    digest = StringField(required=True)
    valid_from = DateTimeField(required=True)


class TextOutdated(Conflict):
    """409: what was accepted is not the newest text."""

    code = "privacy_text_outdated"
    zh = "隐私政策已更新为 {version} 版,请阅读并同意后再登录。"
    en = "The privacy text has changed to version {version}. Read and accept it, then log in."


def publish(version: str, body: str) -> None:
    """Store a version; publishing it again changes nothing."""
    text = {"body": body, "digest": hashlib.sha256(body.encode()).hexdigest(), "valid_from": clock.now()}
    PrivacyText._get_collection().update_one({"_id": version}, {"$setOnInsert": text}, upsert=True)


def newest() -> dict[str, Any]:
    """Return the text in force."""
    query = {"valid_from": {"$lte": clock.now()}}
    return PrivacyText._get_collection().find_one(query, sort=[("valid_from", -1)]) or {"_id": "", "body": ""}


def require_newest(version: str) -> None:
    """Check an accepted version.

    Raises:
        TextOutdated: a newer one is in force.
    """
    current = newest()["_id"]
    if version != current:
        raise TextOutdated(version=current, fields={"privacy_version": [current]})
