"""The authenticated ciphers of fields and data keys: AES-256-GCM, and SM4-GCM (GB/T 32907, GB/T 36624)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
TAG = 16


class AuthenticatedCipher(Protocol):
    """One key of one algorithm; many threads may use it at once."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Return ciphertext and tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Return the plain text, or raise `InvalidTag`."""


class Sm4Gcm:
    """SM4 in Galois/Counter Mode; `cryptography` has no one-call form of it as of AES."""

    def __init__(self, key: bytes) -> None:
        self._block = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Return ciphertext and tag."""
        encryptor = Cipher(self._block, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated_data)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Return the plain text.

        Raises:
            InvalidTag: it was sealed with another key or for another place, or was changed.
        """
        if len(data) < TAG:
            raise InvalidTag
        decryptor = Cipher(self._block, modes.GCM(nonce, data[-TAG:])).decryptor()
        decryptor.authenticate_additional_data(associated_data)
        return decryptor.update(data[:-TAG]) + decryptor.finalize()


@dataclass(frozen=True)
class Algorithm:
    """`number` stands for it inside a sealed value."""

    name: str
    number: int
    key_bytes: int
    cipher: Callable[[bytes], AuthenticatedCipher]


AES_256_GCM = Algorithm("aes-256-gcm", 1, 32, AESGCM)
SM4_GCM = Algorithm("sm4-gcm", 2, 16, Sm4Gcm)
ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType({one.name: one for one in (AES_256_GCM, SM4_GCM)})
