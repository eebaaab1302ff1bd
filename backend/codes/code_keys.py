"""All keys of card codes, derived from the master keys of `CODE_KEYS`; none but the masters is kept anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.codes import dynamic, rotating
from backend.codes.code_kinds import ACCEPTS, PAIRS, GateKeys
from backend.codes.dynamic import Seed

_KEY_BYTES = 32


@dataclass(frozen=True)
class CodeKeys:
    """Master keys by id; the highest id draws and signs, all verify."""

    masters: Mapping[int, bytes] = field(repr=False)

    @property
    def current(self) -> int:
        """Return the id of the key that draws and signs."""
        return max(self.masters)

    def seeds(self, key_id: int, handle: bytes, not_after: date, kinds: tuple[str, ...]) -> tuple[Seed, ...]:
        """Return the seeds of a credential for every use that its kinds have.

        Raises:
            KeyError: the master key was taken out.
        """
        pairs = [(kind, scanner) for kind, scanner in PAIRS if kind in kinds]
        return dynamic.seeds(self.masters[key_id], key_id, handle, not_after, pairs)

    def gate(self, scanner_class: str) -> GateKeys:
        """Return what a gate of this class needs, and nothing of another class."""
        return self._gates[scanner_class]

    @cached_property
    def _gates(self) -> dict[str, GateKeys]:
        printed = self.printed_public
        return {scanner: GateKeys(scanner, self._dynamic(scanner), printed) for scanner in ACCEPTS}

    def _dynamic(self, scanner: str) -> dict[int, dict[str, bytes]]:
        return {
            key_id: {kind: dynamic.verification_key(master, kind, scanner) for kind in ACCEPTS[scanner]}
            for key_id, master in self.masters.items()
        }

    @cached_property
    def tickets(self) -> dict[int, bytes]:
        """Return the keys that verify the drawn codes of tickets."""
        return {key_id: rotating.verification_key(master) for key_id, master in self.masters.items()}

    def documents(self, device_id: str, day: str) -> list[bytes]:
        """Return the keys of one device and day for lists of document numbers, that of the current master first."""
        info = f"gate documents v1 {device_id} {day}".encode()
        masters = [key for _, key in sorted(self.masters.items(), reverse=True)]
        return [HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(one) for one in masters]

    @cached_property
    def printed(self) -> dict[int, Ed25519PrivateKey]:
        """Return the keys that sign printed cards."""
        return self._signing(b"printed card v1")

    @cached_property
    def printed_public(self) -> dict[int, Ed25519PublicKey]:
        """Return the keys that verify printed cards."""
        return {key_id: key.public_key() for key_id, key in self.printed.items()}

    @cached_property
    def packages(self) -> dict[int, Ed25519PrivateKey]:
        """Return the keys that sign what a phone gets."""
        return self._signing(b"seed package v1")

    def _signing(self, info: bytes) -> dict[int, Ed25519PrivateKey]:
        return {key_id: _derived(master, info) for key_id, master in self.masters.items()}


def _derived(master: bytes, info: bytes) -> Ed25519PrivateKey:
    raw = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(master)
    return Ed25519PrivateKey.from_private_bytes(raw)
