"""The code on a printed card, for a person without a phone: CWT → COSE_Sign1 (Ed25519) → zlib → base45.

    CT1:<base45>
    protected header   {1: -8, 4: <one byte: id of the key>}
    claims             {4: exp, 6: iat, 169: {1: handle in hex, 2: generation of the card, 75: [code kinds]}}

The stack of the EU health pass and of MOSIP's Claim 169 (identity data, numbered attributes: 1 ID, 2 version; 75 is of
its free numbers). Name, birth date and picture, which Claim 169 could hold, are not written: a picture of the card may
not tell who its holder is.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backend.codes import cbor, compact, cose_sign1
from backend.codes.code_kinds import KIND_OF, KINDS, NOT_OURS, PRINTED_KINDS, Checked, GateKeys
from backend.codes.compact import BadCode, BadSignature, UnknownKey, WrongFormat

PREFIX = "CT1:"
LONGEST = 600
"""Characters; what is written here has some 210."""
MOST_BYTES = 1024
"""Unpacked. A token is smaller; what is not is no token."""
_EXPIRES, _ISSUED, _IDENTITY = 4, 6, 169
_ID, _VERSION, _KINDS = 1, 2, 75
_HANDLE_BYTES = 8


@dataclass(frozen=True)
class Token:
    """What a printed card says; times are seconds since 1970."""

    handle: bytes
    generation: int
    kinds: tuple[str, ...]
    issued_at: int
    expires_at: int


def sign(token: Token, key_id: int, private: Ed25519PrivateKey) -> str:
    """Return the text to print. Ed25519 is deterministic, so the same token gives the same text."""
    protected = cbor.encode({cose_sign1.ALGORITHM: cose_sign1.EDDSA, cose_sign1.KEY_ID: bytes((key_id,))})
    identity = {_ID: token.handle.hex(), _VERSION: str(token.generation), _KINDS: _bytes_of(token.kinds)}
    payload = cbor.encode({_EXPIRES: token.expires_at, _ISSUED: token.issued_at, _IDENTITY: identity})
    signature = private.sign(cose_sign1.signed_bytes(protected, payload))
    return PREFIX + compact.base45_encode(stored(cose_sign1.write(protected, payload, signature)))


def _bytes_of(kinds: Iterable[str]) -> list[int]:
    return sorted(KINDS[kind] for kind in kinds)


def read(text: str, keys: Mapping[int, Ed25519PublicKey]) -> Token:
    """Return what a token says that one of the keys has signed.

    Raises:
        BadCode: as `WrongFormat`, `UnknownKey` or `BadSignature`.
    """
    if not text.startswith(PREFIX) or len(text) > LONGEST:
        raise WrongFormat
    packed = compact.base45_decode(text[len(PREFIX) :])
    unpacked = inflate(packed)
    if packed != stored(unpacked):
        raise WrongFormat
    message = cose_sign1.read(unpacked)
    key = keys.get(_key_id(message))
    if key is None:
        raise UnknownKey
    try:
        key.verify(message.signature, message.signed)
    except InvalidSignature:
        raise BadSignature from None
    return _token(cbor.decode(message.payload))


def stored(data: bytes) -> bytes:
    """Return a zlib stream (RFC 1950) of one stored block: the only form that is read, so no two texts are one token.

    A signature does not compress, and what is left of a token would win fewer bytes than a compressed block costs.
    """
    length = struct.pack("<HH", len(data), len(data) ^ 0xFFFF)
    return b"\x78\x01\x01" + length + data + zlib.adler32(data).to_bytes(4, "big")


def inflate(data: bytes) -> bytes:
    """Return what one whole zlib stream holds, up to `MOST_BYTES`.

    Raises:
        WrongFormat: broken, longer, or followed by something.
    """
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data, MOST_BYTES)
    except zlib.error:
        raise WrongFormat from None
    if not stream.eof or stream.unused_data:
        raise WrongFormat
    return found


def _key_id(message: cose_sign1.Message) -> int:
    header = message.header
    kid = header.get(cose_sign1.KEY_ID)
    if message.unprotected or set(header) != {cose_sign1.ALGORITHM, cose_sign1.KEY_ID}:
        raise WrongFormat
    if header[cose_sign1.ALGORITHM] != cose_sign1.EDDSA or not isinstance(kid, bytes) or len(kid) != 1:
        raise WrongFormat
    return kid[0]


def _token(claims: Any) -> Token:
    try:
        identity = claims[_IDENTITY]
        handle, generation = bytes.fromhex(identity[_ID]), int(identity[_VERSION])
        kinds = tuple(KIND_OF[byte] for byte in identity[_KINDS])
        token = Token(handle, generation, kinds, claims[_ISSUED], claims[_EXPIRES])
    except (LookupError, TypeError, ValueError):
        raise WrongFormat from None
    if len(handle) != _HANDLE_BYTES or not isinstance(token.issued_at, int) or not isinstance(token.expires_at, int):
        raise WrongFormat
    return token


def verify(text: str, keys: GateKeys, at: datetime) -> Checked:
    """Check a printed card with the keys of one scanner class: it counts as a code of the kind of that class."""
    try:
        token = read(text, keys.printed)
    except BadCode:
        return NOT_OURS
    kind, scanner = keys.scanner_class, keys.scanner_class
    if kind not in PRINTED_KINDS or kind not in token.kinds:
        return Checked("wrong_kind", "printed", kind, scanner, token.handle)
    if at.timestamp() >= token.expires_at:
        return Checked("expired", "printed", kind, scanner, token.handle)
    return Checked("accepted", "printed", kind, scanner, token.handle)
