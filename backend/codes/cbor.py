"""Deterministic CBOR (RFC 8949, 4.2.1) of the few forms that signed tokens hold.

Integers, byte strings, text, arrays, maps keyed by integers or text, and tags. Everything else is refused: indefinite
lengths, numbers longer than needed, unsorted or repeated keys, floats. What is read is read before its signature is
checked, so no tag means anything here; a general decoder builds dates, decimals and patterns out of a stranger's tags.
"""

from dataclasses import dataclass
from typing import Any

from backend.codes.compact import WrongFormat

_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_DIRECT = 24
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_DEEPEST = 6


@dataclass(frozen=True)
class Tag:
    """A tagged value."""

    number: int
    value: Any


def encode(value: Any) -> bytes:
    """Return the one deterministic encoding of a value.

    Raises:
        TypeError: a form that is not written here.
    """
    if type(value) is int:
        return _head(_UINT, value) if value >= 0 else _head(_NINT, -1 - value)
    if isinstance(value, bytes):
        return _head(_BYTES, len(value)) + value
    if isinstance(value, str):
        raw = value.encode()
        return _head(_TEXT, len(raw)) + raw
    if isinstance(value, list | tuple):
        return _head(_ARRAY, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        pairs = sorted((encode(key), encode(one)) for key, one in value.items())
        return _head(_MAP, len(pairs)) + b"".join(key + one for key, one in pairs)
    if isinstance(value, Tag):
        return _head(_TAG, value.number) + encode(value.value)
    raise TypeError(type(value).__name__)


def _head(major: int, number: int) -> bytes:
    if number < _DIRECT:
        return bytes((major << 5 | number,))
    code, width = next((code, width) for code, width in _WIDTHS.items() if number < 1 << 8 * width)
    return bytes((major << 5 | code,)) + number.to_bytes(width, "big")


def decode(data: bytes) -> Any:
    """Return the value of bytes that are exactly its deterministic encoding.

    Raises:
        WrongFormat: they are not.
    """
    value, end = _Reader(data).item(0, 0)
    if end != len(data):
        raise WrongFormat
    return value


class _Reader:
    """Each method returns a value and where the next one begins."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def item(self, at: int, depth: int) -> tuple[Any, int]:
        major, number, at = self._read_head(at)
        if depth > _DEEPEST:
            raise WrongFormat
        if major == _UINT:
            return number, at
        if major == _NINT:
            return -1 - number, at
        if major in (_BYTES, _TEXT):
            return self._string(major, number, at)
        if major == _ARRAY:
            return self._array(number, at, depth)
        if major == _MAP:
            return self._map(number, at, depth)
        value, at = self.item(at, depth + 1)
        return Tag(number, value), at

    def _read_head(self, at: int) -> tuple[int, int, int]:
        if at >= len(self._data):
            raise WrongFormat
        major, low = self._data[at] >> 5, self._data[at] & 31
        if major > _TAG:
            raise WrongFormat
        if low < _DIRECT:
            return major, low, at + 1
        width = _WIDTHS.get(low, 0)
        raw = self._data[at + 1 : at + 1 + width]
        number = int.from_bytes(raw, "big")
        least = _DIRECT if width == 1 else 1 << 4 * width
        if not width or len(raw) < width or number < least:
            raise WrongFormat
        return major, number, at + 1 + width

    def _string(self, major: int, length: int, at: int) -> tuple[Any, int]:
        raw = self._data[at : at + length]
        if len(raw) < length:
            raise WrongFormat
        if major == _BYTES:
            return raw, at + length
        try:
            return raw.decode(), at + length
        except UnicodeDecodeError:
            raise WrongFormat from None

    def _array(self, length: int, at: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        for _ in range(length):  # what is missing is refused at once, however long the array claims to be
            value, at = self.item(at, depth + 1)
            found.append(value)
        return found, at

    def _map(self, length: int, at: int, depth: int) -> tuple[dict[Any, Any], int]:
        found: dict[Any, Any] = {}
        before = b""
        for _ in range(length):
            begin = at
            key, at = self.item(at, depth + 1)
            written = self._data[begin:at]
            if not isinstance(key, int | str) or written <= before:
                raise WrongFormat
            before = written
            found[key], at = self.item(at, depth + 1)
        return found, at
