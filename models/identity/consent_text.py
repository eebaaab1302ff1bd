"""The texts that residents consent to, by purpose and version; the newest one in force is what a consent must name."""

import hashlib
from typing import Any

from mongoengine import BooleanField, DateTimeField, Document, StringField

from backend import clock
from backend.errors import Conflict
from backend.store import read_once


class ConsentText(Document):
    """The id reads purpose and version. `renews` says that earlier consents do not cover what this text says."""

    meta = {
        "collection": "consent_texts",
        "auto_create_index": False,
        "indexes": [{"fields": ["purpose", "-valid_from"]}],
    }
    id = StringField(primary_key=True)
    purpose = StringField(required=True)
    version = StringField(required=True)
    body = StringField(required=True)
    digest = StringField(required=True)
    renews = BooleanField(required=True)
    valid_from = DateTimeField(required=True)


class ConsentTextOutdated(Conflict):
    """409: the text that was read is not the one in force."""

    code = "consent_text_outdated"
    zh = "授权说明已更新为 {version} 版,请重新阅读后再同意。"
    en = "This text has changed to version {version}. Read it again before you agree."


def publish(purpose: str, version: str, body: str, *, renews: bool) -> None:
    """Store a text; publishing it again changes nothing. With `renews` the purpose is blocked until agreed to again."""
    told = {
        "purpose": purpose,
        "version": version,
        "body": body,
        "digest": hashlib.sha256(body.encode()).hexdigest(),
        "renews": renews,
        "valid_from": clock.now(),
    }
    ConsentText._get_collection().update_one({"_id": f"{purpose}:{version}"}, {"$setOnInsert": told}, upsert=True)


@read_once.within_span
def in_force(purpose: str) -> list[dict[str, Any]]:
    """Return the texts of a purpose that an agreement may name, newest first: back to the last one that renews."""
    query = {"purpose": purpose, "valid_from": {"$lte": clock.now()}}
    found = []
    for text in ConsentText._get_collection().find(query).sort("valid_from", -1).limit(50):
        found.append(text)
        if text["renews"]:
            break
    return found


def require_newest(purpose: str, version: str) -> dict[str, Any]:
    """Return the newest text of a purpose, which must be the version named.

    Raises:
        ConsentTextOutdated: another one is in force.
    """
    texts = in_force(purpose)
    newest = texts[0] if texts else {"version": ""}
    if newest["version"] != version:
        raise ConsentTextOutdated(version=newest["version"], fields={"text_version": [newest["version"]]})
    return newest
