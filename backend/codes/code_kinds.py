"""What a card's codes are for, who may read them, and what a check of one comes to.

Kind and scanner class are bytes of the code and part of what its key is derived from: a code that was drawn for one use
proves nothing at another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Medium = Literal["", "dynamic", "printed"]
Result = Literal["accepted", "wrong_kind", "wrong_scanner", "expired", "clock_off", "not_ours"]

KINDS = {"identity": 1, "medical": 2, "transit": 3, "venue": 4, "payment": 5}
"""The byte that stands for a code kind."""
SCANNER_CLASSES = {"identity": 1, "medical": 2, "transit": 3, "venue": 4, "payment": 5}
"""The byte that stands for a scanner class."""
ACCEPTS = {
    "identity": ("identity",),
    "medical": ("medical", "identity"),
    "transit": ("transit",),
    "venue": ("venue",),
    "payment": ("payment",),
}
"""Which kinds a scanner class reads: a hospital's registration desk also asks who one is."""
PRINTED_KINDS = ("identity", "medical", "transit", "venue")
"""Paper can be copied, so it never pays."""
PAIRS = tuple((kind, scanner) for scanner, kinds in ACCEPTS.items() for kind in kinds)
"""Every use that a code may be drawn for."""
KIND_OF = {byte: kind for kind, byte in KINDS.items()}
SCANNER_CLASS_OF = {byte: scanner for scanner, byte in SCANNER_CLASSES.items()}


@dataclass(frozen=True)
class GateKeys:
    """What a gate of one scanner class holds: verification keys by key id and kind, public keys of printed cards."""

    scanner_class: str
    dynamic: Mapping[int, Mapping[str, bytes]]
    printed: Mapping[int, Ed25519PublicKey]


@dataclass(frozen=True)
class Checked:
    """What a code says of itself, as far as it could be checked without a store.

    `handle` and `step` are given only where the code is genuine. `offset_seconds` is by how much the phone is fast.
    """

    result: Result
    medium: Medium = ""
    kind: str = ""
    scanner_class: str = ""
    handle: bytes = b""
    step: int = 0
    offset_seconds: int = 0


NOT_OURS = Checked("not_ours")
