"""The SDK's core with what it lacks: pooled connections, time limits, and proof of every answer."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import IO, Any
from uuid import uuid4

import requests
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType

from backend import clock
from backend.wechat.errors import PaymentRefused, PaymentUnknown
from backend.wechat.pay_signature import (
    ALGORITHM,
    PlatformKeys,
    SignatureRefused,
    load_private_key,
    load_public_key,
)
from backend.wechat.transport import pooled_session

PIECE = 1 << 16


class PayCore(Core):
    """Sends signed requests and hands back only answers proved to be WeChat Pay's, as (status, bytes).

    The first of `public_keys` is the one that our requests name; answers signed by any of them count.
    `timeout` is in seconds, to connect and to read. The constructor does no network; it raises ValueError
    for a key that cannot be read.
    """

    def __init__(
        self,
        *,
        mchid: str,
        merchant_serial: str,
        merchant_private_key: str,
        apiv3_key: str,
        public_keys: Mapping[str, str],
        pay_base: str,
        timeout: tuple[float, float],
        session: requests.Session | None,
    ) -> None:
        self.platform = PlatformKeys(public_keys)
        key_id, pem = next(iter(public_keys.items()))
        # The SDK reads only these two forms of PEM.
        private = load_private_key(merchant_private_key).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        public = load_public_key(pem).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        super().__init__(
            mchid,
            merchant_serial,
            private.decode(),
            apiv3_key,
            timeout=timeout,
            public_key=public.decode(),
            public_key_id=key_id,
        )
        self._gate_way = pay_base.rstrip("/")
        self._session = session or pooled_session()

    def request(
        self,
        path: str,
        method: RequestType = RequestType.GET,
        data: dict[str, Any] | None = None,
        skip_verify: bool = False,
        **_unused: Any,
    ) -> tuple[int, bytes]:
        """Send one request; `skip_verify` is for the one answer that WeChat Pay does not sign, a bill's file.

        Raises:
            PaymentRefused: 4xx with a code.
            PaymentUnknown: no answer, an answer of another status, or one that does not prove its origin.
        """
        try:
            response = self._send(path, method.value, "" if data is None else json.dumps(data, ensure_ascii=False))
        except requests.RequestException as error:
            raise PaymentUnknown(reason=type(error).__name__) from error
        succeeded = HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES
        if "Wechatpay-Signature" in response.headers or (succeeded and not skip_verify):
            try:
                self.platform.verify(response.headers, response.content)
            except SignatureRefused as error:
                raise PaymentUnknown(reason=f"answer: {error.reason}") from error
        if not succeeded:
            raise _refusal(response)
        return response.status_code, response.content

    def download(self, path: str, into: IO[bytes]) -> None:
        """Write the file of a signed GET into `into`, piece by piece; WeChat Pay does not sign it, its hash proves it.

        Raises:
            PaymentRefused: 4xx with a code.
            PaymentUnknown: no answer, one that broke off, or one of another status.
        """
        try:
            with self._send(path, "GET", "", stream=True) as response:
                if response.status_code != HTTPStatus.OK:
                    raise _refusal(response)
                for piece in response.iter_content(PIECE):
                    into.write(piece)
        except requests.RequestException as error:
            raise PaymentUnknown(reason=type(error).__name__) from error

    def _send(self, path: str, method: str, text: str, *, stream: bool = False) -> requests.Response:
        timestamp, nonce = str(int(clock.timestamp())), uuid4().hex.upper()
        signature = self.sign([method, path, timestamp, nonce, text])
        fields = {
            "mchid": self._mchid,
            "nonce_str": nonce,
            "signature": signature,
            "timestamp": timestamp,
            "serial_no": self._cert_serial_no,
        }
        headers = {
            "Authorization": ALGORITHM + " " + ",".join(f'{name}="{value}"' for name, value in fields.items()),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "city-services",
            "Wechatpay-Serial": self._public_key_id,
        }
        return self._session.request(
            method,
            self._gate_way + path,
            data=text.encode(),
            headers=headers,
            timeout=self._timeout,
            allow_redirects=False,
            stream=stream,
        )


def _refusal(response: requests.Response) -> PaymentRefused | PaymentUnknown:
    reason = f"HTTP {response.status_code}"
    try:
        errcode = str(object_of(response.content).get("code") or "")
    except PaymentUnknown:
        errcode = ""
    if errcode and HTTPStatus.BAD_REQUEST <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return PaymentRefused(errcode=errcode, reason=reason)
    return PaymentUnknown(errcode=errcode, reason=reason)


def object_of(body: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer; PaymentUnknown when it is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PaymentUnknown(reason="answer: no JSON") from error
    if not isinstance(value, dict):
        raise PaymentUnknown(reason="answer: no object")
    return value


def instant(text: str) -> datetime:
    """Return an RFC 3339 time in UTC; ValueError for a naive one."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment.astimezone(UTC)
