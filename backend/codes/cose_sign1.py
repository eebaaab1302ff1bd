"""COSE_Sign1 (RFC 9052, 4.2): one signer, the content inside, written as tag 18."""

from dataclasses import dataclass
from typing import Any

from backend.codes import cbor
from backend.codes.compact import WrongFormat

TAG = 18
ALGORITHM, KEY_ID = 1, 4
EDDSA = -8
_PARTS = 4
_NO_HEADER = cbor.encode({})


@dataclass(frozen=True)
class Message:
    """What was read, not verified yet; `protected` is kept as the bytes that were signed."""

    protected: bytes
    unprotected: dict[Any, Any]
    payload: bytes
    signature: bytes

    @property
    def header(self) -> dict[Any, Any]:
        """Return the protected header.

        Raises:
            WrongFormat: it is no map.
        """
        header = cbor.decode(self.protected) if self.protected else {}
        if not isinstance(header, dict):
            raise WrongFormat
        return header

    @property
    def signed(self) -> bytes:
        """Return the bytes under the signature."""
        return signed_bytes(self.protected, self.payload)


def signed_bytes(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure (RFC 9052, 4.4) without external data; an empty protected header counts as no bytes."""
    return cbor.encode(["Signature1", b"" if protected == _NO_HEADER else protected, b"", payload])


def write(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """Return the tagged message."""
    return cbor.encode(cbor.Tag(TAG, [protected, {}, payload, signature]))


def read(data: bytes) -> Message:
    """Take a tagged message apart.

    Raises:
        WrongFormat: it is none.
    """
    found = cbor.decode(data)
    if not isinstance(found, cbor.Tag) or found.number != TAG:
        raise WrongFormat
    parts = found.value
    if not isinstance(parts, list) or len(parts) != _PARTS:
        raise WrongFormat
    protected, unprotected, payload, signature = parts
    if not isinstance(unprotected, dict) or not all(isinstance(one, bytes) for one in (protected, payload, signature)):
        raise WrongFormat
    return Message(protected, unprotected, payload, signature)
