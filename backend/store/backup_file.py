"""What a backup holds, in order: a head, then every collection's documents in batches with its tally, then the end.

Documents stay the bytes that the store gave: sealed fields stay sealed, and no key is in the file. A tally is the count
and the sum of the SHA-256 of the documents, which does not depend on their order.
"""

import base64
import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import bson
from bson.codec_options import CodecOptions
from pymongo.collection import Collection

from backend.errors import CityError
from backend.store.sealed_file import FileBroken, SealedReader, SealedWriter

FORMAT = 1
HEAD, BATCH, TALLY, END = b"H", b"B", b"T", b"E"
KEY_BYTES = 32
_FRAME = struct.Struct(">cI")
_SIZE = struct.Struct("<i")
_PLAIN: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


class BadBackupKey(CityError):
    """The key of the backups cannot be used."""

    code = "bad_backup_key"
    zh = "备份密钥不可用:{reason}"
    en = "BACKUP_KEY is refused: {reason}"

    def __str__(self) -> str:
        return self.message("en")


def read_key(env: Mapping[str, str]) -> bytes:
    """Return the key of the backups from the environment.

    Raises:
        BadBackupKey: there is none, it is weak, or it is also a key of the service.
    """
    told = env.get("BACKUP_KEY", "")
    if not told:
        raise BadBackupKey(reason="it is not set; make one with `openssl rand -base64 32` and keep it apart")
    try:
        key = base64.b64decode(told, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadBackupKey(reason=f"it is not {KEY_BYTES} bytes in base64")
    if len(set(key)) < KEY_BYTES // 4:
        raise BadBackupKey(reason="it repeats its bytes; make it with a random generator")
    if any(told in value for name, value in env.items() if name.endswith(("_KEY", "_KEYS")) and name != "BACKUP_KEY"):
        raise BadBackupKey(reason="it is also a key of the service; the backup's key must be another one")
    return key


@dataclass
class Tally:
    """How many documents, of how many bytes, and the sum of their digests."""

    count: int = 0
    size: int = 0
    total: int = 0

    def add(self, batch: bytes) -> int:
        """Count the documents that lie one after another in `batch`; return how many they are."""
        digests = [hashlib.sha256(document).digest() for document in documents(batch)]
        self.total += sum(int.from_bytes(digest, "big") for digest in digests)
        self.count += len(digests)
        self.size += len(batch)
        return len(digests)

    def told(self) -> dict[str, Any]:
        """Return the tally as it stands in the file."""
        return {"count": self.count, "size": self.size, "sha256_sum": f"{self.total % (1 << 256):064x}"}


def documents(batch: bytes) -> Iterator[bytes]:
    """Yield the documents of a batch.

    Raises:
        FileBroken: they do not end where the batch ends.
    """
    view, position = memoryview(batch), 0
    while position < len(view):
        length = _SIZE.unpack_from(view, position)[0] if position + _SIZE.size <= len(view) else 0
        if length < _SIZE.size + 1 or position + length > len(view):
            raise FileBroken(reason="a document is damaged")
        yield bytes(view[position : position + length])
        position += length


def batches(collection: Collection[dict[str, Any]], **options: Any) -> Iterator[bytes]:
    """Yield all documents of a collection as the store's own bytes."""
    yield from collection.find_raw_batches(batch_size=5000, **options)


class Writer:
    """Writes the parts of a backup."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self._sealed = SealedWriter(file, key)

    def head(self, content: Mapping[str, Any]) -> None:
        """Write what the backup is of."""
        self._frame(HEAD, bson.encode({"format": FORMAT, **content}))

    def batch(self, documents: bytes) -> None:
        """Write documents of the present collection."""
        self._frame(BATCH, documents)

    def tally(self, name: str, tally: Tally) -> None:
        """End the present collection."""
        self._frame(TALLY, bson.encode({"name": name, **tally.told()}))

    def close(self) -> None:
        """Write the end."""
        self._frame(END, b"")
        self._sealed.close()

    def _frame(self, kind: bytes, content: bytes) -> None:
        self._sealed.write(_FRAME.pack(kind, len(content)))
        self._sealed.write(content)


class Reader:
    """Reads the parts of a backup in order."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self._sealed = SealedReader(file, key)
        kind, content = self._frame()
        self.head = bson.decode(content, _PLAIN) if kind == HEAD else {}
        if self.head.get("format") != FORMAT:
            raise FileBroken(reason="it was written by another release; restore it with that one")

    def collections(self) -> Iterator[tuple[dict[str, Any], Iterator[bytes]]]:
        """Yield each collection with its batches, which must be read before the next one; checks every tally.

        Raises:
            FileBroken: something is not as it was written.
        """
        for told in self.head["collections"]:
            yield told, self._batches(told["name"])
        if self._frame() != (END, b"") or self._sealed.read(1):
            raise FileBroken(reason="it does not end where it should")

    def _batches(self, name: str) -> Iterator[bytes]:
        tally = Tally()
        kind, content = self._frame()
        while kind == BATCH:
            tally.add(content)
            yield content
            kind, content = self._frame()
        if kind != TALLY or bson.decode(content) != {"name": name, **tally.told()}:
            raise FileBroken(reason=f"the documents of {name} are not those that were written")

    def _frame(self) -> tuple[bytes, bytes]:
        head = self._sealed.read(_FRAME.size)
        if not head:
            raise FileBroken(reason="its end is missing")
        kind, length = _FRAME.unpack(head)
        content = self._sealed.read(length)
        if len(content) != length:
            raise FileBroken(reason="its end is missing")
        return kind, content
