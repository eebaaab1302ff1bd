r"""The signature of a scanner on each of its journal entries: a stolen journal is worth nothing to another scanner.

    CITY-ENTRY \n device \n nonce \n at \n offline_since \n code_kind \n hex SHA-256 of the code \n decision \n
    reason \n zone \n direction \n

Ed25519 with the key that signs the device's requests; times as they stand in the entry, a missing field as an empty
line. A device that is registered as signing hands in nothing without; where an entry carries a proof, it is checked.
"""

import hashlib
from base64 import b64decode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from models.devices.entry_form import Entry
from models.identity.actors import Device


def wrong(device: Device, one: Entry, raw: dict[str, Any]) -> str:
    """Return why an entry is not this device's own: `other_device`, `forged` or `unsigned`; empty when it is."""
    if one.device and one.device != device.device_id:
        return "other_device"
    if not one.proof:
        return "unsigned" if device.signs_entries else ""
    try:
        Ed25519PublicKey.from_public_bytes(device.public_key).verify(
            b64decode(one.proof), signed(device.device_id, raw)
        )
    except InvalidSignature:
        return "forged"
    return ""


def signed(device_id: str, raw: dict[str, Any]) -> bytes:
    """Return what a device signs of an entry."""
    code = hashlib.sha256(raw["code"].encode("utf-8", "surrogatepass")).hexdigest()
    names = ("nonce", "at", "offline_since", "code_kind")
    lines = ["CITY-ENTRY", device_id, *(raw.get(name, "") for name in names), code, raw["decision"]]
    lines += [raw.get(name, "") for name in ("reason", "zone", "direction")]
    return "".join(f"{one}\n" for one in lines).encode()
