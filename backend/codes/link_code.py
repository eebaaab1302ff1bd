"""Signed codes inside links: a compact code written as base64 for URLs, so that a phone's camera opens the page.

Its first byte says what it is a code of, then the key; a code of another kind, of another key or with one character
changed is none. What it stands for, and whether that still counts, the store says.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backend.codes import compact

LONGEST = 400
PAPER_BYTES = 16
"""Bytes of the payload of a paper's code: an id of twelve and a digest of four."""


def sign(kind: int, key_id: int, payload: bytes, key: Ed25519PrivateKey) -> str:
    """Return the code of a payload; it is the same at every call."""
    signed = compact.sign(kind, key_id, payload, key)
    return base64.urlsafe_b64encode(compact.base45_decode(signed)).decode().rstrip("=")


def verify(text: str, kind: int, length: int, keys: Mapping[int, Ed25519PublicKey]) -> bytes:
    """Return the payload of a code, which has `length` bytes.

    Raises:
        BadCode: it was not signed here, or not for this kind.
    """
    if len(text) > LONGEST or not text.isascii():
        raise compact.WrongFormat
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise compact.WrongFormat from None
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
        raise compact.WrongFormat
    payload = compact.verify(compact.base45_encode(data), keys, kind)
    if len(payload) != length:
        raise compact.WrongFormat
    return payload


def of_paper(paper_id: ObjectId, number: str) -> bytes:
    """Return the payload of a paper's code: the paper, and a digest of the number that is printed on it."""
    return paper_id.binary + hashlib.blake2b(number.encode(), digest_size=4).digest()


def paper_id(payload: bytes) -> ObjectId:
    """Return of which paper a payload tells."""
    return ObjectId(payload[:12])
