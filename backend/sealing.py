"""Field encryption and blind index: how personal data lie in the store.

A sealed value is `version | algorithm | key id (4 bytes) | nonce | ciphertext | tag`. Its head, collection, field and
record are its associated data, so that a ciphertext moved to another record does not open. Version 1, `version | key id
| nonce | ciphertext | tag`, is sealed by a key of FIELD_KEYS directly; it opens as long as that key is given, and is
what a store that has no data key yet goes on with.

The blind index is a keyed HMAC-SHA-256 of the normalised value: equality can be searched, the value cannot be guessed
without the key. While the key changes, a record carries one value for each key, and any of them finds it.
"""

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag

from backend.errors import CityError
from backend.keys.algorithms import AES_256_GCM, NONCE, Algorithm, AuthenticatedCipher

VERSION = 2
DIRECT = 1
_HEAD, _DIRECT_HEAD = 6, 2
REFRESH_SECONDS = 10.0
"""A process seals with a key for so long after another one has taken its place, plus the time of one query."""
ASK_AGAIN_SECONDS = 1.0
_MOST_UNKNOWN = 1_000


class SealBroken(CityError):
    """A sealed value does not open: wrong place, wrong key, or changed bytes."""

    code = "seal_broken"


class KeyMissing(CityError):
    """The store has no active data key: its `data_keys` were lost, or not put back with the rest of a backup."""

    code = "data_key_missing"


@dataclass(frozen=True)
class OpenedKey:
    """A data key as the process holds it; the active one seals."""

    id: int
    algorithm: Algorithm
    secret: bytes = field(repr=False)
    active: bool = False

    @property
    def head(self) -> bytes:
        """Return what values under this key begin with."""
        return bytes((VERSION, self.algorithm.number)) + self.id.to_bytes(4)


class Sealer:
    """Seals with the active data key, opens with any.

    `load` returns all data keys. It is asked at the start, when a value names an unknown key, and every few seconds of
    sealing, so that a rotation by another process is followed.
    """

    def __init__(
        self, direct: Mapping[int, bytes], index: Mapping[int, bytes], load: Callable[[], Sequence[OpenedKey]]
    ) -> None:
        self._direct = {bytes((DIRECT, key_id)): AES_256_GCM.cipher(key) for key_id, key in direct.items()}
        self._index = [index[key_id] for key_id in sorted(index)]
        self._load = load
        self._lock = threading.Lock()
        self._unknown: dict[bytes, float] = {}
        self._ciphers: dict[bytes, AuthenticatedCipher] = {}
        self.reload()

    def reload(self) -> None:
        """Take over the data keys as they are in the store."""
        with self._lock:
            self._take_over()

    def _take_over(self) -> None:
        known = {key.head: key for key in self._load()}
        ciphers = {head: self._ciphers.get(head) or key.algorithm.cipher(key.secret) for head, key in known.items()}
        self._ciphers = {**self._direct, **ciphers}
        head = next((head for head, key in known.items() if key.active), None)
        if head is None:
            head = self._direct_head(known)
        self._current = head, self._ciphers[head]
        self._stale_at = time.monotonic() + REFRESH_SECONDS

    def _direct_head(self, known: Mapping[bytes, OpenedKey]) -> bytes:
        """Return the newest key of FIELD_KEYS, which seals in a store that has no data key yet."""
        if known or not self._direct:
            raise KeyMissing
        return max(self._direct)

    @property
    def head(self) -> bytes:
        """Return what values that are sealed at this moment begin with."""
        return self._current[0]

    def seal(self, place: str, record: object, text: str) -> bytes:
        """Seal `text` for `place` ("collection.field") of `record` (its id)."""
        if time.monotonic() >= self._stale_at:
            self._refresh()
        head, cipher = self._current
        nonce = os.urandom(NONCE)
        about = f"{place}:{record}".encode()
        return head + nonce + cipher.encrypt(nonce, text.encode(), about if head[0] == DIRECT else head + about)

    def _refresh(self) -> None:
        """Look for a new key, in one thread; the others seal on meanwhile."""
        if self._lock.acquire(blocking=False):
            try:
                self._take_over()
            finally:
                self._lock.release()

    def open(self, place: str, record: object, sealed: bytes) -> str:
        """Return the text sealed for the same place and record.

        Raises:
            SealBroken: when it was sealed elsewhere, with an unknown key, or was changed.
        """
        head = head_of(sealed)
        cipher = self._ciphers.get(head) or self._learn(head)
        about = f"{place}:{record}".encode()
        start = len(head)
        try:
            return cipher.decrypt(
                sealed[start : start + NONCE],
                sealed[start + NONCE :],
                about if start == _DIRECT_HEAD else head + about,
            ).decode()
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def _learn(self, head: bytes) -> AuthenticatedCipher:
        """Ask the store for a key that is not known here, once a second for each at most.

        A key is stored before anything is sealed with it, so one that is not there now opens nothing that exists.
        """
        now = time.monotonic()
        if len(head) == _HEAD and now - self._unknown.get(head, -ASK_AGAIN_SECONDS) >= ASK_AGAIN_SECONDS:
            if len(self._unknown) >= _MOST_UNKNOWN:
                self._unknown.clear()
            self._unknown[head] = now
            self.reload()
        cipher = self._ciphers.get(head)
        if cipher is None:
            raise SealBroken
        return cipher

    def blinds(self, field: str, value: str) -> list[bytes]:
        """Return the values to store, and to look for with `$in`: 32 bytes for each key, oldest key first.

        Each field has an index space of its own. A unique index over the list lets no two records share any value, so
        a process that knows one key more than another makes no double.
        """
        about = f"{field}\x00{value}".encode()
        return [hmac.digest(key, about, hashlib.sha256) for key in self._index]

    def blind(self, field: str, value: str) -> bytes:
        """Return the value under the oldest key: for ids of short-lived records, which have one value."""
        return hmac.digest(self._index[0], f"{field}\x00{value}".encode(), hashlib.sha256)


def head_of(sealed: bytes) -> bytes:
    """Return the bytes of a sealed value that name version, algorithm and key."""
    return bytes(sealed[: _HEAD if sealed[:1] == bytes((VERSION,)) else _DIRECT_HEAD])
