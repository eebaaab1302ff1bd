"""Payment notices: proved to come from WeChat Pay, decrypted, and meant for this merchant."""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.wechat.errors import NoticeRefused
from backend.wechat.pay_core import instant
from backend.wechat.pay_signature import PlatformKeys, SignatureRefused

NONCE_BYTES = 12


@dataclass(frozen=True)
class Notice:
    """A proved notice. `id` stays the same when WeChat Pay repeats it; amounts in `resource` are in 分."""

    id: str
    event_type: str
    created_at: datetime
    resource: dict[str, Any] = field(repr=False)


class NoticeReader:
    """Reads notices for one merchant; ValueError when `apiv3_key` is not 32 bytes long."""

    def __init__(self, *, platform: PlatformKeys, apiv3_key: str, appid: str, mchid: str) -> None:
        self._platform = platform
        self._cipher = AESGCM(apiv3_key.encode())
        self._appid, self._mchid = appid, mchid

    def read(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a notice says, after proof. It may come twice, late and out of order.

        Raises:
            NoticeRefused: anything about it is wrong; `probe` is true for the gateway's own signature probe.
        """
        try:
            self._platform.verify(headers, body)
        except SignatureRefused as error:
            raise NoticeRefused(reason=error.reason, probe=error.probe) from error
        try:
            return self._open(json.loads(body))
        # KeyError, TypeError and AttributeError: a member is missing or of another type.
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise NoticeRefused(reason="body") from error

    def _open(self, envelope: dict[str, Any]) -> Notice:
        if envelope["resource_type"] != "encrypt-resource":
            raise NoticeRefused(reason="body")
        event_type, identity = envelope["event_type"], envelope["id"]
        if not (isinstance(identity, str) and identity and isinstance(event_type, str)):
            raise NoticeRefused(reason="body")
        resource = self._decrypt(envelope["resource"])
        self._check_recipient(resource, event_type)
        return Notice(identity, event_type, instant(envelope["create_time"]), resource)

    def _decrypt(self, sealed: dict[str, Any]) -> dict[str, Any]:
        nonce = sealed["nonce"].encode()
        if sealed["algorithm"] != "AEAD_AES_256_GCM" or len(nonce) != NONCE_BYTES:
            raise NoticeRefused(reason="body")
        associated = (sealed.get("associated_data") or "").encode()
        try:
            plain = self._cipher.decrypt(nonce, b64decode(sealed["ciphertext"], validate=True), associated)
        except (InvalidTag, binascii.Error) as error:
            raise NoticeRefused(reason="decrypt") from error
        resource = json.loads(plain)
        if not isinstance(resource, dict):
            raise NoticeRefused(reason="body")
        return resource

    def _check_recipient(self, resource: dict[str, Any], event_type: str) -> None:
        # Refund notices name the merchant only.
        appid = resource.get("appid", None if event_type.startswith("TRANSACTION.") else self._appid)
        if resource.get("mchid") != self._mchid or appid != self._appid:
            raise NoticeRefused(reason="recipient")
