"""Codes that a phone draws by itself, a new one each half minute, and a gate checks without network.

    byte 0      0x43, "C"
    byte 1      id of the master key
    byte 2      code kind
    byte 3      scanner class
    bytes 4-11  handle of the credential
    bytes 12-13 last civil day of the seed, in days since 2020-01-01
    bytes 14-17 time step: seconds since 1970 divided by 30
    bytes 18-33 HMAC-SHA-256 with the seed over all bytes before, its first 128 bits

The bytes are written as base45. Keys go one way: master key → HKDF → verification key of one kind and scanner class,
which gates of that class hold → HMAC → seed of one credential, which a phone holds.
"""

import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend import clock
from backend.codes import compact
from backend.codes.code_kinds import (
    ACCEPTS,
    KIND_OF,
    KINDS,
    NOT_OURS,
    SCANNER_CLASS_OF,
    SCANNER_CLASSES,
    Checked,
    GateKeys,
)

FORMAT = 0x43
"""First byte of every drawn code, "C"."""
STEP_SECONDS = 30
TOLERANCE = 1
"""Steps to either side (RFC 6238, 5.2)."""
HANDLE_BYTES = 8
MAC_BYTES = 16
_FORM = struct.Struct(">BBBB8sHI")
LENGTH = _FORM.size + MAC_BYTES
_EPOCH = date(2020, 1, 1)
_SEED = struct.Struct(">8sHB")
_KEY_BYTES = 32


@dataclass(frozen=True)
class Seed:
    """What a phone holds to draw codes of one kind for one scanner class."""

    key_id: int
    kind: str
    scanner_class: str
    handle: bytes
    not_after: int
    secret: bytes = field(repr=False)


def verification_key(master: bytes, kind: str, scanner_class: str) -> bytes:
    """Return the key with which gates of a scanner class check codes of a kind."""
    return derived(master, KINDS[kind], SCANNER_CLASSES[scanner_class])


def derived(master: bytes, kind_byte: int, scanner_byte: int) -> bytes:
    """Return the key of one kind and scanner class (HKDF-SHA-256, RFC 5869)."""
    info = b"dynamic code v1" + bytes((kind_byte, scanner_byte))
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(master)


def seed(key: bytes, handle: bytes, not_after: int, kind: str) -> bytes:
    """Return the seed of one credential under a verification key."""
    return hmac.digest(key, _SEED.pack(handle, not_after, KINDS[kind]), "sha256")


def seeds(
    master: bytes, key_id: int, handle: bytes, not_after: date, pairs: Iterable[tuple[str, str]]
) -> tuple[Seed, ...]:
    """Return the seeds of a credential, one for each (kind, scanner class)."""
    day = day_number(not_after)
    return tuple(
        Seed(key_id, kind, scanner, handle, day, seed(verification_key(master, kind, scanner), handle, day, kind))
        for kind, scanner in pairs
    )


def time_step(timestamp: float) -> int:
    """Return the number of the time step that an instant lies in (RFC 6238, 4.2, with T0 = 0)."""
    return int(timestamp // STEP_SECONDS)


def day_number(day: date) -> int:
    """Return how a code writes a civil day."""
    return (day - _EPOCH).days


@lru_cache(maxsize=64)
def ends(number: int) -> float:
    """Return the instant at which a written day is over, in seconds since 1970."""
    return clock.at(_EPOCH + timedelta(days=number + 1), 0).timestamp()


def draw(seed: Seed, timestamp: float) -> str:
    """Return the code of the time step that an instant lies in."""
    return draw_step(seed, time_step(timestamp))


def draw_step(seed: Seed, step: int) -> str:
    """Return the code of a time step."""
    kind, scanner = KINDS[seed.kind], SCANNER_CLASSES[seed.scanner_class]
    message = _FORM.pack(FORMAT, seed.key_id, kind, scanner, seed.handle, seed.not_after, step)
    return compact.base45_encode(message + mac(seed.secret, message))


def mac(secret: bytes, message: bytes) -> bytes:
    """Return the truncated HMAC-SHA-256 (RFC 2104, section 5) of a message."""
    return hmac.digest(secret, message, "sha256")[:MAC_BYTES]


def verify(text: str, keys: GateKeys, at: datetime) -> Checked:
    """Check a code's text with the keys of one scanner class, at the verifier's corrected time."""
    try:
        code = compact.base45_decode(text)
    except compact.WrongFormat:
        return NOT_OURS
    return verify_bytes(code, keys, at.timestamp())


def verify_bytes(code: bytes, keys: GateKeys, timestamp: float) -> Checked:
    """Check a code's bytes at an instant in seconds since 1970.

    Kind and scanner class are read first, from what the code says of itself: the keys of other uses are not here.
    """
    if len(code) != LENGTH or code[0] != FORMAT:
        return NOT_OURS
    _, key_id, kind_byte, scanner_byte, handle, day, step = _FORM.unpack_from(code)
    kind, scanner = KIND_OF.get(kind_byte, ""), SCANNER_CLASS_OF.get(scanner_byte, "")
    if wrong := _wrong_use(kind, scanner, keys.scanner_class):
        return wrong
    if not _genuine(code, keys.dynamic.get(key_id, {}).get(kind)):
        return NOT_OURS
    off = step - time_step(timestamp)
    if timestamp >= ends(day):
        return Checked("expired", "dynamic", kind, scanner, handle, step)
    if not -TOLERANCE <= off <= TOLERANCE:
        return Checked("clock_off", "dynamic", kind, scanner, handle, step, off * STEP_SECONDS)
    return Checked("accepted", "dynamic", kind, scanner, handle, step)


def _wrong_use(kind: str, scanner: str, here: str) -> Checked | None:
    if not kind or not scanner:
        return NOT_OURS
    if kind not in ACCEPTS[here]:
        return Checked("wrong_kind", "dynamic", kind, scanner)
    return None if scanner == here else Checked("wrong_scanner", "dynamic", kind, scanner)


def _genuine(code: bytes, key: bytes | None) -> bool:
    if key is None:
        return False
    secret = hmac.digest(key, code[4:14] + code[2:3], "sha256")
    return hmac.compare_digest(mac(secret, code[:-MAC_BYTES]), code[-MAC_BYTES:])
