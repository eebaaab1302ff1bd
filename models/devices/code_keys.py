"""Handing a scanner the secret keys of its own class, sealed for this device and this request.

    shared = X25519(fresh key of ours, key that the device made for this request)
    key    = HKDF-SHA-256(shared, salt = our public key | the device's, info = "city gate keys v1 <device> <class>")
    sealed = AES-256-GCM(key, nonce of 12 zero bytes, keys as JSON, associated data = info)

Both X25519 keys serve once, so the nonce may be constant. The device's signature over the request says whose key it is.
"""

from base64 import b64encode
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend import runtime
from backend.errors import BadInput, NotAllowed
from models.audit import entry
from models.identity.actors import Device
from models.identity.device import CODE_READERS, require_class

ALGORITHM = "X25519-HKDF-SHA256-AES256GCM"
NONCE = bytes(12)
_KEY_BYTES = 32


class WeakKey(BadInput):
    """400: the public key gives no secret."""

    code = "device_key_weak"
    zh = "临时公钥无效,请重新生成 X25519 密钥后再试。"
    en = "This X25519 public key is not usable. Make a fresh one."

    def __init__(self) -> None:
        super().__init__(fields={"public_key": [self.zh]})


class OnlineOnly(NotAllowed):
    """403: what pays is always asked for online, so a till holds no keys."""

    code = "online_only"
    zh = "收银终端须联网核验付款码,不下发离线密钥。"
    en = "A till asks online; it gets no keys."


def sealed_for(device: Device, public_key: bytes) -> dict[str, Any]:
    """Return the verification keys of the device's class, to be opened by whoever holds the private key.

    Raises:
        ClassWrong: the device reads no codes.
        OnlineOnly: the device is a till.
        WeakKey: the public key is a point of small order.
    """
    require_class(device, CODE_READERS)
    if device.scanner_class == "payment":
        raise OnlineOnly
    found, tickets = _keys(device.scanner_class), _ticket_keys(device.scanner_class)
    told = sealed(public_key, {"keys": found, "ticket_keys": tickets}, context(device.device_id, device.scanner_class))
    entry.write(
        entry.line(
            device.key,
            "device.keys",
            f"device:{device.device_id}",
            unit=device.unit,
            scanner_class=device.scanner_class,
            keys=sorted({one["key_id"] for one in found}),
        )
    )
    return told


def sealed(public_key: bytes, content: dict[str, Any], info: bytes) -> dict[str, Any]:
    """Return content that only the holder of an X25519 key can open, bound to `info`.

    Raises:
        WeakKey: the public key is a point of small order.
    """
    ours = X25519PrivateKey.generate()
    own_public = ours.public_key().public_bytes_raw()
    try:
        shared = ours.exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError:
        raise WeakKey from None
    key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=own_public + public_key, info=info).derive(shared)
    return {
        "algorithm": ALGORITHM,
        "public_key": b64encode(own_public).decode(),
        "sealed": b64encode(AESGCM(key).encrypt(NONCE, orjson.dumps(content), info)).decode(),
    }


def context(device_id: str, scanner_class: str) -> bytes:
    """Return what binds the sealed keys to one device and its class."""
    return f"city gate keys v1 {device_id} {scanner_class}".encode()


def _keys(scanner_class: str) -> list[dict[str, Any]]:
    held = runtime.current().code_keys.gate(scanner_class)
    return [
        {"key_id": key_id, "kind": kind, "key": b64encode(key).decode()}
        for key_id, kinds in sorted(held.dynamic.items())
        for kind, key in sorted(kinds.items())
    ]


def _ticket_keys(scanner_class: str) -> list[dict[str, Any]]:
    """Return what checks the drawn codes of tickets, which gates of places read."""
    held = runtime.current().code_keys.tickets if scanner_class == "venue" else {}
    return [{"key_id": key_id, "key": b64encode(key).decode()} for key_id, key in sorted(held.items())]
