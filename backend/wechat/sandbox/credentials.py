"""The keys of the sandbox: what a merchant holds (credentials.json) and what only WeChat holds (platform.json)."""

import base64
import itertools
import json
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from backend.wechat.sandbox import clock

CERTIFICATE_YEARS = 5
SIGNING_MODES = ("key", "cert", "switch")

_OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - WeChat Pay's own choice

Signer = tuple[str, rsa.RSAPrivateKey]


class Keychain:
    """The credentials of the one merchant and the platform's signing keys."""

    def __init__(self, folder: Path, mode: str) -> None:
        self._credentials_file, self._platform_file = folder / "credentials.json", folder / "platform.json"
        self._mode = mode
        if not (self._credentials_file.exists() and self._platform_file.exists()):
            self._generate()
        self.credentials: dict[str, str] = json.loads(self._credentials_file.read_text(encoding="utf-8"))
        self._platform: dict[str, Any] = json.loads(self._platform_file.read_text(encoding="utf-8"))
        self.merchant_key = _load(self.credentials["merchant_private_key"]).public_key()
        self._turn = itertools.count()
        self._read_signers()

    @property
    def serves_certificates(self) -> bool:
        """Merchants in public-key mode have no platform certificates."""
        return self._mode != "key"

    @property
    def certificate(self) -> dict[str, str]:
        """The platform certificate: serial, pem, effective_time, expire_time."""
        certificate: dict[str, str] = self._platform["certificate"]
        return certificate

    def signer(self) -> Signer:
        """The key for the next answer or notice; while a switch is under way old and new take turns."""
        if self._mode == "cert":
            return self._certificate_signer
        candidates = list(self._key_signers)
        if clock.now() >= self._platform["overlap_until"]:
            candidates = candidates[-1:]
        if self._mode == "switch":
            candidates.append(self._certificate_signer)
        return candidates[next(self._turn) % len(candidates)]

    def opened(self, text: Any) -> str | None:
        """What a merchant sealed for the platform (RSA-OAEP, SHA-1, base64); None for anything else."""
        try:
            sealed = base64.b64decode(text, validate=True)
        except (TypeError, ValueError):
            return None
        for key in self._platform["keys"]:
            try:
                return _load(key["private_key"]).decrypt(sealed, _OAEP).decode()
            except ValueError:
                continue
        return None

    def rotate(self, overlap: float) -> dict[str, str]:
        """Bring in a new platform key; for `overlap` seconds the former one still signs every other message."""
        former = self._platform["keys"][-1]
        fresh = _platform_key()
        self._platform["keys"] = [former, fresh]
        self._platform["overlap_until"] = clock.now() + overlap
        public = {"pay_public_key": _public_pem(fresh["private_key"]), "pay_public_key_id": fresh["id"]}
        self.credentials |= public
        _write(self._platform_file, self._platform)
        _write(self._credentials_file, self.credentials)
        self._read_signers()
        return {**public, "former_public_key_id": former["id"]}

    def _read_signers(self) -> None:
        self._key_signers: list[Signer] = [(key["id"], _load(key["private_key"])) for key in self._platform["keys"]]
        self._certificate_signer: Signer = (self.certificate["serial"], _load(self.certificate["private_key"]))

    def _generate(self) -> None:
        merchant, key = _private_pem(), _platform_key()
        mchid = "1" + "".join(secrets.choice("0123456789") for _ in range(9))
        _write(
            self._platform_file, {"keys": [key], "overlap_until": 0, "certificate": _certificate("Tenpay.com sandbox")}
        )
        _write(
            self._credentials_file,
            {
                "appid": "wx" + secrets.token_hex(8),
                "secret": secrets.token_hex(16),
                "mchid": mchid,
                "merchant_private_key": merchant,
                "merchant_serial": _certificate(mchid, merchant)["serial"],
                "apiv3_key": secrets.token_hex(16),
                "pay_public_key": _public_pem(key["private_key"]),
                "pay_public_key_id": key["id"],
                "push_token": secrets.token_hex(12),
                "push_aes_key": base64.b64encode(os.urandom(32)).decode()[:43],
            },
        )


def _platform_key() -> dict[str, str]:
    digits = "".join(secrets.choice("0123456789") for _ in range(30))
    return {"id": f"PUB_KEY_ID_01{digits}", "private_key": _private_pem()}


def _certificate(name: str, private_key: str | None = None) -> dict[str, str]:
    private_key = private_key or _private_pem()
    key, subject = _load(private_key), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = clock.local(clock.now()) - timedelta(days=1)
    end = begin + timedelta(days=365 * CERTIFICATE_YEARS)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
    certificate = builder.sign(key, hashes.SHA256())
    return {
        "serial": f"{certificate.serial_number:040X}",
        "pem": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "private_key": private_key,
        "effective_time": begin.isoformat(),
        "expire_time": end.isoformat(),
    }


def _private_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain).decode()


def _public_pem(private_key: str) -> str:
    public = _load(private_key).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, spki).decode()


def _load(private_key: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(private_key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _write(path: Path, value: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(0o600)
    fresh.write_text(json.dumps(value, indent=1), encoding="utf-8")
    fresh.replace(path)
