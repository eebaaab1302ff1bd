"""A small PNG writer: a field of squares drawn from a text's hash, with the text beside it in the file."""

import hashlib
import struct
import zlib

SQUARES = 16


def picture(text: str, width: int) -> bytes:
    """A square grey picture, another one for another text."""
    bits = int.from_bytes(hashlib.sha256(text.encode()).digest())
    side = width // SQUARES
    rows = b"".join(_row(bits >> (line * SQUARES), side) * side for line in range(SQUARES))
    size = side * SQUARES
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    note = b"Comment\x00" + text.encode("latin-1", "replace")
    parts = ((b"IHDR", header), (b"tEXt", note), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _row(bits: int, side: int) -> bytes:
    return b"\x00" + b"".join((b"\x00" if bits >> square & 1 else b"\xff") * side for square in range(SQUARES))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
