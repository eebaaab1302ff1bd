"""The keys of the exchange platform: what an application holds (credentials.json) and what only the platform holds.

Written from the published rules (docs/decisions/0004 for the request, README.md for the answer), without the
product's code.
"""

import base64
import hashlib
import json
import re
import secrets
from http import HTTPStatus
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from seed.simulators.registers import time_of_day
from seed.simulators.registers.wire import Refusal, Request, Response

WINDOW_SECONDS = 300
REMEMBERED = 10_000
_FORM = re.compile(
    r'CITY-ED25519 key="(?P<key>[\w-]{1,64})",timestamp="(?P<timestamp>\d{1,12})",'
    r'nonce="(?P<nonce>[\w-]{16,64})",signature="(?P<signature>[A-Za-z0-9+/=]{88})"',
    re.ASCII,
)


class Keychain:
    """One registered application and the platform's signing key, kept under a folder."""

    def __init__(self, folder: Path) -> None:
        self._credentials, self._platform = folder / "credentials.json", folder / "platform.json"
        if not (self._credentials.exists() and self._platform.exists()):
            self._generate()
        told = json.loads(self._credentials.read_text(encoding="utf-8"))
        held = json.loads(self._platform.read_text(encoding="utf-8"))
        self._app_id = told["app_id"]
        self._app_key = _private(told["private_key"]).public_key()
        self._key_id, self._key = held["key_id"], _private(held["private_key"])
        self._seen: dict[str, None] = {}

    def _generate(self) -> None:
        app, platform = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        public = base64.b64encode(platform.public_key().public_bytes_raw()).decode()
        credentials = {
            "simulator": True,
            "app_id": f"city-{secrets.token_hex(4)}",
            "private_key": base64.b64encode(app.private_bytes_raw()).decode(),
            "platform_keys": {"exchange-1": public},
        }
        held = {"key_id": "exchange-1", "private_key": base64.b64encode(platform.private_bytes_raw()).decode()}
        for path, content in ((self._credentials, credentials), (self._platform, held)):
            path.touch(mode=0o600)
            path.write_text(json.dumps(content, indent=1), encoding="utf-8")

    def check(self, request: Request) -> str:
        """Return the nonce of a request that the application signed; each nonce counts once."""
        match = _FORM.fullmatch(request.headers.get("Authorization", ""))
        if match is None or match["key"] != self._app_id:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "not_signed")
        if abs(int(match["timestamp"]) - time_of_day.now()) > WINDOW_SECONDS:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "clock_wrong")
        digest = hashlib.sha256(request.body).hexdigest()
        signed = f"{request.method}\n{request.path}\n{match['timestamp']}\n{match['nonce']}\n{digest}\n"
        _verify(self._app_key, match["signature"], signed)
        if match["nonce"] in self._seen:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "nonce_used")
        self._seen[match["nonce"]] = None
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return match["nonce"]

    def sign(self, request: Request, response: Response, nonce: str) -> None:
        """Sign an answer for the one request that it answers."""
        timestamp = int(time_of_day.now())
        digest = hashlib.sha256(response.body).hexdigest()
        signed = f"{int(response.status)}\n{request.path}\n{timestamp}\n{nonce}\n{digest}\n"
        signature = base64.b64encode(self._key.sign(signed.encode())).decode()
        told = f'CITY-ED25519 key="{self._key_id}",timestamp="{timestamp}",nonce="{nonce}",signature="{signature}"'
        response.headers["Exchange-Signature"] = told


def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text))


def _verify(key: Ed25519PublicKey, signature: str, signed: str) -> None:
    try:
        key.verify(base64.b64decode(signature), signed.encode())
    except (InvalidSignature, ValueError):
        raise Refusal(HTTPStatus.UNAUTHORIZED, "signature_wrong") from None
