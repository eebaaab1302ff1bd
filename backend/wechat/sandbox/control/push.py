"""Message push: WeChat calls the product's URL, with the signature and, in safe mode, the cipher."""

import http.client
import json
import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from backend.wechat.sandbox import clock, crypto
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.pay import envelope
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import ControlError, Request, Response, as_json

routes = Router()


@routes.on("POST", "/sandbox/push", locked=False)
def push(box: Sandbox, request: Request) -> Response:
    """Send one event in safe mode, as JSON; the product's answer comes back."""
    wanted = request.json()
    url, event, bad = _url(wanted), wanted.get("event", {}), bool(wanted.get("bad_signature"))
    message = {"ToUserName": "gh_sandbox", "CreateTime": int(clock.now()), "MsgType": "event", **event}
    appid = "wx0000000000000000" if wanted.get("other_appid") else box.appid
    plain = json.dumps(message, ensure_ascii=False).encode()
    cipher = crypto.push_encrypt(box.keys.credentials["push_aes_key"], plain, appid)
    query = _signed_query(box, bad=bad)
    digest = crypto.push_digest(_token(box, bad=bad), query["timestamp"], query["nonce"], cipher)
    query |= {"openid": str(message.get("FromUserName", "")), "encrypt_type": "aes", "msg_signature": digest}
    body = json.dumps({"ToUserName": message["ToUserName"], "Encrypt": cipher}).encode()
    return _call("POST", url, query, body)


@routes.on("POST", "/sandbox/push/verify", locked=False)
def verify(box: Sandbox, request: Request) -> Response:
    """Ask the product to echo, as WeChat does when the URL is set."""
    wanted = request.json()
    echo = str(secrets.randbelow(10**18))
    query = {**_signed_query(box, bad=bool(wanted.get("bad_signature"))), "echostr": echo}
    return _call("GET", _url(wanted), query, b"", echo)


def _url(wanted: dict[str, Any]) -> SplitResult:
    url = urlsplit(str(wanted.get("url", "")))
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ControlError(HTTPStatus.BAD_REQUEST, "bad_url")
    return url


def _token(box: Sandbox, *, bad: bool) -> str:
    return "wrong" if bad else box.keys.credentials["push_token"]


def _signed_query(box: Sandbox, *, bad: bool) -> dict[str, str]:
    timestamp, nonce = str(int(clock.now())), str(secrets.randbelow(10**10))
    signature = crypto.push_digest(_token(box, bad=bad), timestamp, nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce}


def _call(method: str, url: SplitResult, query: dict[str, str], body: bytes, echo: str | None = None) -> Response:
    joined = "&".join(part for part in (url.query, urlencode(query)) if part)
    headers = {"Content-Type": "application/json"} if body else {}
    try:
        status, answer = envelope.exchange(method, url._replace(query=joined), body, headers)
    except (OSError, http.client.HTTPException) as error:
        raise ControlError(HTTPStatus.BAD_GATEWAY, "product_unreachable", str(error)) from error
    result: dict[str, Any] = {"status": status, "body": answer}
    if echo is not None:
        result["echoed"] = answer == echo
    return as_json(result)
