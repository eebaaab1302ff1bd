"""Opaque tokens: the id of a record and a secret. The store keeps only the digest, so a copy of it opens nothing."""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from bson import ObjectId

_SECRET_BYTES = 32
_ID_BYTES = 12
_PIN_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_PIN_LENGTH = 10


def make(record: ObjectId) -> str:
    """Return a new token of a record."""
    return urlsafe_b64encode(record.binary + secrets.token_bytes(_SECRET_BYTES)).decode().rstrip("=")


def digest(token: str) -> bytes:
    """Return what the store keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def owner(token: str) -> ObjectId | None:
    """Return the record that a token names, None when it has not the form of a token."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    return ObjectId(raw[:_ID_BYTES]) if len(raw) == _ID_BYTES + _SECRET_BYTES else None


def pin() -> str:
    """Return a one-time PIN to tell by voice: 49 bits in letters and digits that are not taken for one another."""
    return "".join(secrets.choice(_PIN_LETTERS) for _ in range(_PIN_LENGTH))
