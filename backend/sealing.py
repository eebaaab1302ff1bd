"""Field encryption and blind index: how personal data lie in the store.

A sealed value is `version | key id | nonce | AES-256-GCM ciphertext and tag`, bound by its associated data to
collection, field and record, so that a ciphertext moved to another record does not open. The blind index is a keyed
HMAC-SHA-256 of the normalised value: equality can be searched, the value cannot be guessed without the key.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.errors import CityError

_VERSION = 1
_NONCE = 12


class SealBroken(CityError):
    """A sealed value does not open: wrong place, wrong key, or changed bytes."""

    code = "seal_broken"


class Sealer:
    """Seals with the key of the highest id, opens with any."""

    def __init__(self, keys: Mapping[int, bytes], index_key: bytes) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = max(keys)
        self._index_key = index_key

    def seal(self, place: str, record: object, text: str) -> bytes:
        """Seal `text` for `place` ("collection.field") of `record` (its id)."""
        nonce = os.urandom(_NONCE)
        body = self._ciphers[self._current].encrypt(nonce, text.encode(), f"{place}:{record}".encode())
        return bytes((_VERSION, self._current)) + nonce + body

    def open(self, place: str, record: object, sealed: bytes) -> str:
        """Return the text sealed for the same place and record.

        Raises:
            SealBroken: when it was sealed elsewhere, with an unknown key, or was changed.
        """
        cipher = self._ciphers.get(sealed[1]) if len(sealed) > _NONCE + 2 and sealed[0] == _VERSION else None
        if cipher is None:
            raise SealBroken
        try:
            return cipher.decrypt(sealed[2 : 2 + _NONCE], sealed[2 + _NONCE :], f"{place}:{record}".encode()).decode()
        except InvalidTag:
            raise SealBroken from None

    def blind(self, field: str, value: str) -> bytes:
        """Return the 32-byte index of a normalised value; each field has an index space of its own."""
        return hmac.digest(self._index_key, f"{field}\x00{value}".encode(), hashlib.sha256)
