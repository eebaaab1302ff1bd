r"""Questions to an exchange platform: one signed POST a question, one signed answer, and nothing else is believed.

    POST <base>/exchange/v1/<service>/query      Authorization: CITY-ED25519 … (`backend.signed_requests`)
    200 {"record": {…}} or 404 {"code": "no_record"}, each with
    Exchange-Signature: CITY-ED25519 key="…",timestamp="…",nonce="<the request's>",signature="…"

The platform's Ed25519 signature covers `status \n path \n timestamp \n nonce \n hex SHA-256 of the body \n`, so that an
answer to another question, or a "no record" of some proxy, is worth nothing. Questions travel in bodies, never in URLs.
"""

import base64
import hashlib
import ipaddress
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backend import signed_requests
from backend.errors import CityError, OutsideFailure
from backend.wechat.transport import pooled_session

MOST_BYTES = 256 * 1024
_CHUNK = 16 * 1024
_SERVICE = re.compile(r"[a-z_]{1,40}")
_FOUND, _NO_RECORD, _REFUSED = 200, 404, (400, 401, 403)


class ExchangeFailure(OutsideFailure):
    """502: no trustworthy answer came; `reason` is a short English word or two for the log."""

    code = "exchange_failed"
    zh = "部门数据接口暂时没有响应,请稍后再试。"
    en = "A department's register did not answer. Please try again later."

    def __init__(self, reason: str = "", **details: Any) -> None:
        super().__init__(**details)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code} ({self.reason})"


class ExchangeAnswerRefused(ExchangeFailure):
    """502: an answer came that cannot be believed: not signed for this question, too long, or no JSON object."""

    code = "exchange_answer_refused"


class ExchangeRefusedUs(ExchangeFailure):
    """502: the platform refuses this application; somebody must look at the credentials."""

    passing = False
    code = "exchange_refused_us"
    zh = "部门数据接口拒绝了本系统的请求,请联系运维人员。"
    en = "The exchange platform refuses this application. Tell the operators."


class BadCredentials(CityError):
    """The file of credentials cannot be used; `reason` says why without any value."""

    code = "exchange_credentials"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True)
class Credentials:
    """What an application holds. A simulator's say so."""

    app_id: str
    private_key: Ed25519PrivateKey = field(repr=False)
    platform_keys: Mapping[str, bytes] = field(repr=False)
    simulator: bool = True


def read_credentials(path: Path) -> Credentials:
    """Return the credentials of a JSON file; without `"simulator": false` they count as a simulator's.

    Raises:
        BadCredentials: the file cannot be read, or lacks something.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in told["platform_keys"].items()}
        private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(told["private_key"], validate=True))
        for key in keys.values():
            Ed25519PublicKey.from_public_bytes(key)
        return Credentials(str(told["app_id"]), private, keys, told.get("simulator") is not False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadCredentials(type(error).__name__) from None


def problems(base: str, credentials: Credentials | None, *, production: bool) -> list[str]:
    """Return why this platform must not be used, in English and without any value."""
    told = urlsplit(base)
    if told.scheme not in ("http", "https") or not told.hostname or told.username or told.query or told.fragment:
        return ["the exchange platform's address is no plain http(s) address"]
    found = []
    if told.scheme == "http" and (production or not _is_loopback(told.hostname)):
        found.append("the exchange platform's address must be https")
    if production and credentials and credentials.simulator:
        found.append("the exchange platform's credentials count as a simulator's: no \"simulator\": false in them")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Exchange:
    """The one platform of this deployment; threads may share it."""

    def __init__(self, base: str, credentials: Credentials) -> None:
        self._base, self._credentials = base.rstrip("/"), credentials
        self._prefix = urlsplit(self._base).path
        self._session = pooled_session()
        self._session.trust_env = False  # no proxy and no .netrc of the machine stands between

    def ask(self, service: str, question: Mapping[str, Any], *, seconds: float) -> dict[str, Any] | None:
        """Return the record that a service gives, None where it says that it has none. At most `seconds` are spent.

        Raises:
            ExchangeFailure: no trustworthy answer came.
        """
        if not _SERVICE.fullmatch(service):
            raise ValueError(service)
        path, nonce, body = f"/exchange/v1/{service}/query", secrets.token_hex(16), orjson.dumps(question)
        failure: ExchangeFailure
        try:
            status, signature, answer = self._send(path, nonce, body, time.monotonic() + seconds)
        except requests.RequestException as error:
            failure = ExchangeFailure(type(error).__name__)
        else:
            return self._believed(path, nonce, (status, signature, answer))
        raise failure  # outside the handler: the error above holds the request, and the request the question

    def _send(self, path: str, nonce: str, body: bytes, deadline: float) -> tuple[int, str, bytes]:
        mine = self._credentials
        signed = signed_requests.header(
            mine.app_id, mine.private_key, method="POST", path=self._prefix + path, body=body, nonce=nonce
        )
        headers = {"Authorization": signed, "Content-Type": "application/json", "Accept-Encoding": "identity"}
        left = max(0.05, deadline - time.monotonic())
        with self._session.post(
            self._base + path, data=body, headers=headers, timeout=left, stream=True, allow_redirects=False
        ) as response:
            return response.status_code, response.headers.get("Exchange-Signature", ""), read_body(response, deadline)

    def _believed(self, path: str, nonce: str, answer: tuple[int, str, bytes]) -> dict[str, Any] | None:
        status, _, body = answer
        if status in _REFUSED:
            raise ExchangeRefusedUs(f"HTTP {status}")
        if status not in (_FOUND, _NO_RECORD):
            raise ExchangeFailure(f"HTTP {status}")
        verify_answer(self._credentials, self._prefix + path, nonce, answer)
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ExchangeAnswerRefused("no JSON") from None
        if status == _NO_RECORD:
            if not isinstance(told, dict) or told.get("code") != "no_record":
                raise ExchangeAnswerRefused("404 for another reason")
            return None
        if not isinstance(told, dict) or not isinstance(told.get("record"), dict):
            raise ExchangeAnswerRefused("no record in it")
        return dict(told["record"])


def verify_answer(credentials: Credentials, path: str, nonce: str, answer: tuple[int, str, bytes]) -> None:
    """Check that the other side signed an answer (status, signature, body) to this one request.

    Raises:
        ExchangeAnswerRefused: it did not.
    """
    status, header, body = answer
    try:
        proof = signed_requests.read(header)
        key = Ed25519PublicKey.from_public_bytes(credentials.platform_keys[proof.key])
        digest = hashlib.sha256(body).hexdigest()
        key.verify(proof.signature, f"{status}\n{path}\n{proof.timestamp}\n{nonce}\n{digest}\n".encode())
    except (CityError, InvalidSignature, KeyError):
        raise ExchangeAnswerRefused("signature") from None


def read_body(response: requests.Response, deadline: float, *, most: int = MOST_BYTES) -> bytes:
    """Read a body that is neither too long nor too slow; `timeout` alone would let one drip for ever.

    Raises:
        ExchangeFailure: it is.
    """
    read = bytearray()
    for chunk in response.iter_content(_CHUNK):
        read += chunk
        if len(read) > most:
            raise ExchangeAnswerRefused("too long")
        if time.monotonic() > deadline:
            raise ExchangeFailure("too slow")
    return bytes(read)
