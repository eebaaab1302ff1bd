"""Message push: WeChat calls our server with events, encrypted in safe mode, as JSON or XML."""

import hashlib
import hmac
import json
import struct
from typing import Any

import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException

from backend.wechat.errors import PushRefused

# What the decoders, wechatpy's among them, throw at content that is not what it should be.
MALFORMED = (KeyError, TypeError, ValueError, IndexError, RecursionError, struct.error, xmltodict.expat.ExpatError)


class MessagePush:
    """One push address; `aes_key` is the EncodingAESKey of 43 characters (ValueError for another)."""

    def __init__(self, *, token: str, aes_key: str, appid: str) -> None:
        try:
            self._crypto = WeChatCrypto(token, aes_key, appid)
        except AssertionError as error:
            raise ValueError("the EncodingAESKey is not 32 bytes") from error
        self._token = token

    def verify_url(self, signature: str, timestamp: str, nonce: str, echostr: str) -> str:
        """Return `echostr`, which is the answer to WeChat's check of the address; PushRefused if not WeChat's."""
        self._check(signature, timestamp, nonce)
        return echostr

    def read(self, msg_signature: str, timestamp: str, nonce: str, body: bytes) -> dict[str, Any]:
        """Return the event of a safe-mode push after proof; it may come up to three times (`event_key`).

        Raises:
            PushRefused: the signature, the form or the mini-program is wrong.
        """
        try:
            sealed = _parse(body.decode())["Encrypt"]
            self._check(msg_signature, timestamp, nonce, sealed)
            plain = self._crypto.decrypt_message({"Encrypt": sealed}, msg_signature, timestamp, nonce)
            return _parse(plain)
        except WeChatException as error:
            raise PushRefused(reason="recipient") from error
        except MALFORMED as error:
            raise PushRefused(reason="body") from error

    def _check(self, signature: str, *signed: str) -> None:
        text = "".join(sorted((self._token, *signed)))
        expected = hashlib.sha1(text.encode(errors="replace"), usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            raise PushRefused(reason="signature")


def event_key(event: dict[str, Any]) -> str:
    """Return what tells a repeated push from a new one.

    Raises:
        PushRefused: the event names neither its message nor its sender and time.
    """
    if event.get("MsgId"):
        return f"msg:{event['MsgId']}"
    try:
        parts = [str(event[name]) for name in ("FromUserName", "CreateTime", "Event")]
    except KeyError as error:
        raise PushRefused(reason="event") from error
    # Two checks of one user's pictures may end in the same second; only this tells them apart.
    return ":".join(["event", *parts, *([str(event["trace_id"])] if "trace_id" in event else [])])


def _parse(text: str) -> dict[str, Any]:
    value = xmltodict.parse(text).get("xml") if text.lstrip().startswith("<") else json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("neither a JSON object nor an <xml> document")
    return value
