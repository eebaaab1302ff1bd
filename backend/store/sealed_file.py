"""A long file that nobody can read or change unnoticed: compressed, then sealed in counted chunks (AES-256-GCM).

    magic | salt | chunk | chunk | …          chunk = length | ciphertext and tag

Each file has a key of its own (HKDF over the salt). A chunk's nonce is its number and whether it is the last, so that a
chunk that was left out, moved or added, and an end that was cut off, do not open.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.errors import CityError

MAGIC = b"SEALED\x00\x01"
CHUNK = 1 << 20
_SALT, _TAG, _LENGTH = 32, 16, struct.Struct(">I")
_FASTEST = 1


class FileBroken(CityError):
    """The file does not open: another key, or its bytes were changed, moved or cut off."""

    code = "file_broken"
    zh = "文件无法读取:{reason}"
    en = "The file cannot be read: {reason}"

    def __str__(self) -> str:
        return self.message("en")


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=MAGIC).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class SealedWriter:
    """Writes what it is given; only after `close` is the file complete."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        salt = os.urandom(_SALT)
        self._file, self._cipher, self._number = file, _cipher(key, salt), 0
        self._compressor, self._waiting = zlib.compressobj(_FASTEST), bytearray()
        file.write(MAGIC + salt)

    def write(self, data: bytes) -> None:
        """Take more bytes."""
        self._waiting += self._compressor.compress(data)
        while len(self._waiting) > CHUNK:
            self._seal(self._waiting[:CHUNK], last=False)
            del self._waiting[:CHUNK]

    def close(self) -> None:
        """Write the last chunk."""
        self._waiting += self._compressor.flush()
        while len(self._waiting) > CHUNK:
            self._seal(self._waiting[:CHUNK], last=False)
            del self._waiting[:CHUNK]
        self._seal(self._waiting, last=True)

    def _seal(self, plain: bytearray, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), bytes(plain), MAGIC)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


class SealedReader:
    """Reads a file from its beginning; nothing that was not checked comes out."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        head = file.read(len(MAGIC) + _SALT)
        if not head.startswith(MAGIC) or len(head) != len(MAGIC) + _SALT:
            raise FileBroken(reason="it is no backup of this service")
        self._plain = self._opened(file, _cipher(key, head[len(MAGIC) :]))
        self._waiting = bytearray()

    def read(self, length: int) -> bytes:
        """Return the next `length` bytes, none at the end.

        Raises:
            FileBroken: the file was changed, or ends too early.
        """
        while len(self._waiting) < length:
            more = next(self._plain, None)
            if more is None:
                break
            self._waiting += more
        if 0 < len(self._waiting) < length:
            raise FileBroken(reason="it ends in the middle of a record")
        found = bytes(self._waiting[:length])
        del self._waiting[:length]
        return found

    def _opened(self, file: IO[bytes], cipher: AESGCM) -> Iterator[bytes]:
        decompressor, number, last = zlib.decompressobj(), 0, False
        following = _chunk(file)
        while not last:
            sealed, following = following, _chunk(file)
            last = not following
            yield from _expanded(decompressor, _open(cipher, number, sealed, last=last))
            number += 1
        if not decompressor.eof:
            raise FileBroken(reason="its end is missing")


def _open(cipher: AESGCM, number: int, sealed: bytes, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_nonce(number, last=last), sealed, MAGIC)
    except (InvalidTag, ValueError):
        where = "at its beginning; is BACKUP_KEY the one of this file?" if number == 0 else "; it is damaged or cut off"
        raise FileBroken(reason=f"part {number + 1} does not open{' ' if number == 0 else ''}{where}") from None


def _expanded(decompressor: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    while packed:
        yield decompressor.decompress(packed, 4 * CHUNK)
        packed = decompressor.unconsumed_tail


def _chunk(file: IO[bytes]) -> bytes:
    head = file.read(_LENGTH.size)
    if not head:
        return b""
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
    sealed = file.read(length) if _TAG <= length <= CHUNK + _TAG else b""
    if len(sealed) != length or not sealed:
        raise FileBroken(reason="it is cut off")
    return sealed
