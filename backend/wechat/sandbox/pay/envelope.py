"""One notice as it goes over the wire: sealed, signed, posted; or spoilt in a way that the merchant must see."""

import http.client
import json
import secrets
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

from backend.wechat.sandbox import clock, crypto
from backend.wechat.sandbox.credentials import Keychain

SPOILERS = (
    "notice_wrong_signature",
    "notice_signtest",
    "notice_old_timestamp",
    "notice_wrong_amount",
    "notice_unknown_serial",
)
SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
}
ANSWER_SECONDS = 5
OLD_SECONDS = 600


def path_of(url: str) -> str:
    """The path of a notify_url, which faults are matched on."""
    return urlsplit(url).path


def send(keys: Keychain, notice: dict[str, Any], spoilt: str | None) -> dict[str, Any]:
    """Post the notice once; the record of the attempt."""
    body = _body(keys, notice, spoilt)
    headers = _headers(keys, body, spoilt)
    began = time.monotonic()
    record: dict[str, Any] = {"at": clock.rfc3339(clock.now()), "fault": spoilt, "status": None, "answer": ""}
    try:
        record["status"], record["answer"] = post(urlsplit(notice["url"]), body, headers)
    except (OSError, http.client.HTTPException) as error:
        record["error"] = f"{type(error).__name__}: {error}"
    record["milliseconds"] = round((time.monotonic() - began) * 1000)
    record["accepted"] = record["status"] in (200, 204)
    return record


def post(url: SplitResult, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """POST to a URL and read the answer's status and the beginning of its body."""
    return exchange("POST", url, body, headers)


def exchange(method: str, url: SplitResult, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """One request on a connection of its own, ended after the five seconds that WeChat waits."""
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=ANSWER_SECONDS)
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace")
    finally:
        connection.close()


def _body(keys: Keychain, notice: dict[str, Any], spoilt: str | None) -> bytes:
    resource, identity = notice["resource"], notice["id"]
    if spoilt == "notice_wrong_amount":
        # A false notice is a notice of its own: a merchant may note its id without missing the true one.
        resource, identity = _other_amount(resource), secrets.token_hex(16)
    original_type = notice["event_type"].split(".")[0].lower()
    plain = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    envelope = {
        "id": identity,
        "create_time": notice["create_time"],
        "resource_type": "encrypt-resource",
        "event_type": notice["event_type"],
        "summary": SUMMARIES[notice["event_type"]],
        "resource": {
            "original_type": original_type,
            **crypto.seal(keys.credentials["apiv3_key"], plain, original_type),
        },
    }
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def _headers(keys: Keychain, body: bytes, spoilt: str | None) -> dict[str, str]:
    serial, key = keys.signer()
    timestamp = str(int(clock.now()) - (OLD_SECONDS if spoilt == "notice_old_timestamp" else 0))
    nonce = secrets.token_hex(16)
    signature = crypto.sign(key, crypto.lines(timestamp, nonce, body))
    if spoilt == "notice_wrong_signature":
        signature = crypto.sign(key, crypto.lines(timestamp, nonce, body + b" "))
    elif spoilt == "notice_signtest":
        signature = "WECHATPAY/SIGNTEST/" + signature[19:]
    elif spoilt == "notice_unknown_serial":
        serial = secrets.token_hex(20).upper()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Mozilla/4.0",
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": signature,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def _other_amount(resource: dict[str, Any]) -> dict[str, Any]:
    amount = {key: value + 1 if isinstance(value, int) else value for key, value in resource["amount"].items()}
    return {**resource, "amount": amount}
