"""The signature of WeChat Pay on its answers and notices, checked against an allow-list of keys."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from backend import clock

ALGORITHM = "WECHATPAY2-SHA256-RSA2048"
PROBE = "WECHATPAY/SIGNTEST/"
WINDOW_SECONDS = 300
TIMESTAMP = re.compile(r"[0-9]{1,12}")
NONCE = re.compile(r"[!-~]{1,128}")


class SignatureRefused(Exception):
    """A message is not provably from WeChat Pay; `reason` names the first check that failed."""

    def __init__(self, reason: str, *, probe: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.probe = probe


class PlatformKeys:
    """The public keys of WeChat Pay that count, by key id or certificate serial; several during a rotation.

    Raises ValueError when there is none, or when one is not an RSA public key (or certificate) in PEM.
    """

    def __init__(self, public_keys: Mapping[str, str]) -> None:
        if not public_keys:
            raise ValueError("no public key of WeChat Pay")
        self._keys = {key_id: load_public_key(pem) for key_id, pem in public_keys.items()}

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check form, probe, serial, age and signature, in this order.

        Raises:
            SignatureRefused: one of them fails.
        """
        sent = {name.lower(): value for name, value in headers.items()}
        timestamp, nonce = sent.get("wechatpay-timestamp", ""), sent.get("wechatpay-nonce", "")
        text = sent.get("wechatpay-signature", "")
        if sent.get("wechatpay-signature-type") != ALGORITHM or not text:
            raise SignatureRefused("header")
        if not TIMESTAMP.fullmatch(timestamp) or not NONCE.fullmatch(nonce):
            raise SignatureRefused("header")
        if text.startswith(PROBE):
            raise SignatureRefused("probe", probe=True)
        key = self._keys.get(sent.get("wechatpay-serial", ""))
        if key is None:
            raise SignatureRefused("serial")
        if abs(clock.timestamp() - int(timestamp)) > WINDOW_SECONDS:
            raise SignatureRefused("timestamp")
        message = b"".join((timestamp.encode(), b"\n", nonce.encode(), b"\n", body, b"\n"))
        try:
            key.verify(b64decode(text, validate=True), message, PKCS1v15(), SHA256())
        except (binascii.Error, ValueError, InvalidSignature) as error:
            raise SignatureRefused("signature") from error


def load_private_key(pem: str) -> RSAPrivateKey:
    """Return the RSA key of an unencrypted PEM private key; ValueError for anything else."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError as error:
        raise ValueError("the private key is encrypted") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")  # noqa: TRY004
    return key


def load_public_key(pem: str) -> RSAPublicKey:
    """Return the RSA key of a PEM public key or certificate; ValueError for anything else."""
    certified = "BEGIN CERTIFICATE" in pem
    key = load_pem_x509_certificate(pem.encode()).public_key() if certified else load_pem_public_key(pem.encode())
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")  # noqa: TRY004
    return key
