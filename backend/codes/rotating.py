"""A ticket's code that a phone draws by itself, a new one each half minute, against pictures of screens.

    byte 0         0x52, "R", where the signed code of the ticket has 0x54
    bytes 1-94     the signed code of the ticket from its second byte on, signature included
    byte 95        id of the master key
    bytes 96-99    time step: seconds since 1970 divided by 30
    bytes 100-115  HMAC-SHA-256 with the ticket's seed over all bytes before, its first 128 bits

The bytes are written as base45. The keys are those of card codes, one branch beside them: master key → HKDF →
verification key of tickets, which gates hold → HMAC → seed of one ticket, which a phone holds.
"""

import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from backend.codes import compact, dynamic
from backend.codes.code_kinds import SCANNER_CLASSES
from backend.codes.compact import BadSignature, UnknownKey, WrongFormat

FORMAT = 0x52
"""First byte of every drawn ticket code, "R"."""
SIGNED = 0x54
"""First byte of the signed code that lies inside."""
KIND = 6
"""Stands in the derivation where card codes have the byte of their kind."""
QR_VERSION = 7
"""174 characters: version 7 holds 178 at level M, and the signed code alone needs version 6."""
_TAIL = struct.Struct(">BI")
_SIGNED_BYTES = 95
_TICKET = slice(2, 15)
LENGTH = _SIGNED_BYTES + _TAIL.size + dynamic.MAC_BYTES


@dataclass(frozen=True)
class Drawn:
    """A genuine code: the text of the ticket's signed code, and the step at which the phone drew it."""

    signed: str
    step: int


Age = Literal["fresh", "stale", "ahead"]


def verification_key(master: bytes) -> bytes:
    """Return the key with which gates check the drawn codes of tickets."""
    return dynamic.derived(master, KIND, SCANNER_CLASSES["venue"])


def seed(key: bytes, signed: str) -> bytes:
    """Return the seed of the ticket that a signed code names, under a verification key."""
    return _seed(key, compact.base45_decode(signed))


def _seed(key: bytes, code: bytes) -> bytes:
    return hmac.digest(key, code[_TICKET] + bytes((KIND,)), "sha256")


def draw(signed: str, key_id: int, secret: bytes, timestamp: float) -> str:
    """Return the code of the time step that an instant lies in."""
    head = bytes((FORMAT,)) + compact.base45_decode(signed)[1:]
    message = head + _TAIL.pack(key_id, dynamic.time_step(timestamp))
    return compact.base45_encode(message + dynamic.mac(secret, message))


def is_drawn(text: str) -> bool:
    """Tell whether a text is meant as a drawn ticket, be it good or not; three characters hold the first byte."""
    try:
        return compact.base45_decode(text[:3])[:1] == bytes((FORMAT,))
    except WrongFormat:
        return False


def read(text: str, keys: Mapping[int, bytes]) -> Drawn:
    """Return what a drawn code holds whose MAC was made under one of the keys. The signature inside is not checked.

    Raises:
        BadCode: as `WrongFormat`, `UnknownKey` or `BadSignature`.
    """
    code = compact.base45_decode(text)
    if len(code) != LENGTH or code[0] != FORMAT:
        raise WrongFormat
    message, told = code[: -dynamic.MAC_BYTES], code[-dynamic.MAC_BYTES :]
    key_id, step = _TAIL.unpack_from(code, _SIGNED_BYTES)
    if (key := keys.get(key_id)) is None:
        raise UnknownKey
    if not hmac.compare_digest(dynamic.mac(_seed(key, code), message), told):
        raise BadSignature
    return Drawn(compact.base45_encode(bytes((SIGNED,)) + code[1:_SIGNED_BYTES]), step)


def age(step: int, timestamp: float, *, more: int = 0) -> Age:
    """Tell how a step lies to an instant; `more` steps are allowed beyond the tolerance."""
    off, allowed = step - dynamic.time_step(timestamp), dynamic.TOLERANCE + more
    if off < -allowed:
        return "stale"
    return "ahead" if off > allowed else "fresh"
