r"""Requests that a device or a partner system signs: one format for gates, kiosks, sensors and partners.

    Authorization: CITY-ED25519 key="<id>",timestamp="<seconds>",nonce="<16-64 characters>",signature="<base64>"

The Ed25519 signature covers `METHOD \n path with query \n timestamp \n nonce \n hex SHA-256 of the body \n`. The
window is ±300 s. The server knows only public keys. The nonce is the request's idempotency key where it writes.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backend import clock
from backend.errors import NotLoggedIn

SCHEME = "CITY-ED25519"
WINDOW_SECONDS = 300
_FORM = re.compile(
    rf'{SCHEME} key="(?P<key>[\w-]{{1,64}})",timestamp="(?P<timestamp>\d{{1,12}})",'
    r'nonce="(?P<nonce>[\w-]{16,64})",signature="(?P<signature>[A-Za-z0-9+/=]{88})"',
    re.ASCII,
)


class SignatureRefused(NotLoggedIn):
    """401: the signature is missing, malformed or wrong."""

    code = "signature_refused"
    zh = "设备签名无效,请检查设备密钥;如设备已更换,请联系管理员重新登记。"
    en = "The signature is not valid. Check the device's key."


class ClockWrong(NotLoggedIn):
    """401: the device's clock is too far from ours; the sentence says by how much."""

    code = "device_clock_wrong"
    zh = "设备时钟与服务器相差 {seconds} 秒,请校准设备时间后重试。"
    en = "The device's clock differs from the server's by {seconds} seconds. Set it and try again."


@dataclass(frozen=True)
class Proof:
    """A parsed header, not verified yet."""

    key: str
    timestamp: int
    nonce: str
    signature: bytes


def read(header: str) -> Proof:
    """Parse the header and check its window.

    Raises:
        SignatureRefused: not of the form.
        ClockWrong: outside the window.
    """
    match = _FORM.fullmatch(header)
    if match is None:
        raise SignatureRefused
    try:
        signature = base64.b64decode(match["signature"], validate=True)
    except binascii.Error:
        raise SignatureRefused from None
    drift = int(match["timestamp"]) - int(clock.timestamp())
    if abs(drift) > WINDOW_SECONDS:
        raise ClockWrong(seconds=abs(drift), fields={"server_time": [clock.civil(clock.now()).isoformat()]})
    return Proof(match["key"], int(match["timestamp"]), match["nonce"], signature)


def verify(proof: Proof, public_key: bytes, *, method: str, path: str, body: bytes) -> None:
    """Check a proof against the raw public key of its holder.

    Raises:
        SignatureRefused: it was made with another key or over another request.
    """
    try:
        signed = _message(method, path, proof.timestamp, proof.nonce, body)
        Ed25519PublicKey.from_public_bytes(public_key).verify(proof.signature, signed)
    except InvalidSignature:
        raise SignatureRefused from None


def header(key: str, private: Ed25519PrivateKey, *, method: str, path: str, body: bytes, nonce: str) -> str:
    """Return the header that a device sends, for simulators and the documentation's examples."""
    timestamp = int(clock.timestamp())
    signature = base64.b64encode(private.sign(_message(method, path, timestamp, nonce, body))).decode()
    return f'{SCHEME} key="{key}",timestamp="{timestamp}",nonce="{nonce}",signature="{signature}"'


def _message(method: str, path: str, timestamp: int, nonce: str, body: bytes) -> bytes:
    return f"{method}\n{path}\n{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}\n".encode()
