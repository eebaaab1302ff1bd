"""Files that the service itself makes: stored whole and attached at once. They count against nobody's quota."""

import hashlib
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from backend.uploads import check
from models.media import chunk
from models.media.file import File


@dataclass(frozen=True)
class Made:
    """What a made file is called, what it is for and to what it belongs, for example `case:…`."""

    name: str
    kind: str
    purpose: str
    attached_to: str
    owner: str


def keep(file_id: ObjectId, content: bytes, told: Made, *, account: ObjectId | None = None) -> str:
    """Store a file under an id that its maker chose and return its SHA-256; storing it again replaces it."""
    length, chunk_size = chunk.write(file_id, content, account)
    digest, now = hashlib.sha256(content).hexdigest(), clock.now()
    media_type = check.KINDS[told.kind].media_type
    record: dict[str, Any] = {
        "owner": told.owner,
        "purpose": told.purpose,
        "kind": told.kind,
        "name": runtime.current().sealer.seal("files.files.name", file_id, told.name),
        "state": "attached",
        "attached_to": told.attached_to,
        "announced": {"size": len(content), "sha256": digest, "media_type": media_type},
        "charged": 0,
        "size": len(content),
        "sha256": digest,
        "length": length,
        "chunkSize": chunk_size,
        "uploadDate": now,
        "created_at": now,
    }
    File._get_collection().replace_one(
        {"_id": file_id}, record | ({"account": account} if account else {}), upsert=True
    )
    return digest
