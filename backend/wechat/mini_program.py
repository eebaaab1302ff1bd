"""The server calls of a mini-program: login, phone number, code picture, messages, text check, shipping."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import requests

from backend import clock
from backend.wechat.errors import (
    MessageFieldRefused,
    MessageNotGranted,
    WeChatBusy,
    WeChatFailure,
    WeChatLoginCodeRefused,
    WeChatPhoneCodeRefused,
    WeChatTooOften,
    WeChatUserBlocked,
)
from backend.wechat.mini_client import Errors, MiniClient, failure_of
from backend.wechat.tokens import AccessTokens
from backend.wechat.transport import answer_of, pooled_session

ALREADY_SHIPPED = frozenset({10060002, 10060003, 10060023})
SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
TEXT_LIMIT = 2500
ITEM_LIMIT = 120

LOGIN_ERRORS: Errors = {
    40029: WeChatLoginCodeRefused,
    40163: WeChatLoginCodeRefused,
    41008: WeChatLoginCodeRefused,
}
MESSAGE_ERRORS: Errors = {43101: MessageNotGranted, 47003: MessageFieldRefused}
PHONE_ERRORS: Errors = {40029: WeChatPhoneCodeRefused, 40163: WeChatPhoneCodeRefused}


@dataclass(frozen=True)
class LoginSession:
    """Who logged in. `session_key` never leaves the server."""

    openid: str
    unionid: str | None
    session_key: str = field(repr=False)


@dataclass(frozen=True)
class PhoneNumber:
    """A phone number that WeChat has checked: digits without the country code, and that code."""

    number: str = field(repr=False)
    country_code: str


@dataclass(frozen=True)
class TextVerdict:
    """What WeChat thinks of a text: `pass`, `review` or `risky`, and its label (100 is normal)."""

    suggest: str
    label: int
    trace_id: str


class MiniProgram:
    """One mini-program. `timeout` is in seconds a call; threads may share an instance.

    Every method may raise WeChatBusy (busy, over quota, silent), WeChatFailure (any other error number) and,
    but for the login, `Unavailable` when Redis is away. A stale access token is renewed once and the call
    repeated once.
    """

    def __init__(
        self,
        *,
        appid: str,
        secret: str,
        api_base: str,
        tokens: AccessTokens,
        timeout: float = 5.0,
        session: requests.Session | None = None,
    ) -> None:
        self._appid, self._secret, self._base = appid, secret, api_base.rstrip("/")
        self._session = session or pooled_session()
        self._timeout = timeout
        self._client = MiniClient(tokens, appid=appid, api_base=self._base, session=self._session, timeout=timeout)

    def code_to_session(self, js_code: str) -> LoginSession:
        """Exchange the code of wx.login, valid once and for five minutes. Needs no access token.

        Raises:
            WeChatLoginCodeRefused: the code is wrong, used or expired.
            WeChatUserBlocked: WeChat holds the user for a high risk.
            WeChatTooOften: over a hundred logins of this user in a minute.
        """
        answer = self._exchange(js_code)
        errcode = answer.get("errcode", 0)
        if errcode == WeChatUserBlocked.errcode:
            raise WeChatUserBlocked
        if errcode == WeChatTooOften.errcode:
            raise WeChatTooOften
        if errcode:
            raise failure_of(errcode, "jscode2session", "", LOGIN_ERRORS)
        return LoginSession(_text(answer, "openid"), answer.get("unionid") or None, _text(answer, "session_key"))

    def phone_number(self, code: str) -> PhoneNumber:
        """Exchange the code of the phone-number button, valid once and for five minutes; WeChat charges for it.

        Raises:
            WeChatPhoneCodeRefused: the code is wrong, used or expired.
        """
        answer = self._client.call_json("wxa/business/getuserphonenumber", {"code": code}, PHONE_ERRORS)
        info = answer.get("phone_info")
        if not isinstance(info, dict):
            raise WeChatFailure(reason="phone number missing")
        return PhoneNumber(_text(info, "purePhoneNumber"), _text(info, "countryCode"))

    def code_image(
        self, scene: str, page: str, *, env_version: str = "release", check_path: bool = True, width: int = 430
    ) -> bytes:
        """Return a mini-program code as picture bytes, `width` pixels wide.

        Raises:
            ValueError: `scene` is not 1 to 32 of the allowed ASCII characters, or `page` begins with a slash.
            WeChatFailure: errcode 41030, the page does not exist or is not published.
        """
        if not SCENE.fullmatch(scene) or page.startswith("/") or "?" in page:
            raise ValueError("scene or page does not fit a mini-program code")
        body = {
            "scene": scene,
            "page": page,
            "env_version": env_version,
            "check_path": check_path,
            "width": width,
        }
        result = self._client.call("wxa/getwxacodeunlimit", body, {})
        if isinstance(result, requests.Response) and result.headers.get("Content-Type", "").startswith("image/"):
            return result.content
        raise WeChatFailure(reason="no picture in the answer")

    def send_subscribe_message(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        page: str | None = None,
        state: Literal["developer", "trial", "formal"] = "formal",
    ) -> str:
        """Send one subscription message; it uses up one grant of the person. `data` maps field to text.

        Returns the id by which WeChat tells later how it ended; empty where it named none.

        Raises:
            MessageNotGranted: no grant is left.
            MessageFieldRefused: a field breaks the template's type rule; `field` names it.
        """
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in data.items()},
            "miniprogram_state": state,
            "lang": "zh_CN",
        }
        if page:
            body["page"] = page
        answer = self._client.call_json("cgi-bin/message/subscribe/send", body, MESSAGE_ERRORS)
        return str(answer.get("msgid") or "")

    def check_text(self, text: str, openid: str, scene: Literal[1, 2, 3, 4]) -> TextVerdict:
        """Have a text of the user checked. Scenes: 1 profile, 2 comment, 3 forum, 4 social log.

        Raises:
            ValueError: the text is empty or longer than 2,500 characters.
            WeChatFailure: also when the user was not active in the last two hours.
        """
        if not 0 < len(text) <= TEXT_LIMIT:
            raise ValueError(f"a text to check has 1 to {TEXT_LIMIT} characters")
        body = {"content": text, "version": 2, "scene": scene, "openid": openid}
        answer = self._client.call_json("wxa/msg_sec_check", body, {})
        result = answer.get("result")
        if not isinstance(result, dict):
            raise WeChatFailure(reason="verdict missing")
        label = result.get("label")
        label = label if isinstance(label, int) else 0
        return TextVerdict(_text(result, "suggest"), label, str(answer.get("trace_id", "")))

    def report_shipping(
        self, *, transaction_id: str, openid: str, description: str, self_pickup: bool, uploaded_at: datetime
    ) -> None:
        """Tell WeChat that a paid order was handed over, or its settlement is held; a repeat does no harm.

        `self_pickup` true: fetched on the spot; false: a virtual good. `description` is cut to 120 characters.
        """
        body = {
            "order_key": {"order_number_type": 2, "transaction_id": transaction_id},
            "logistics_type": 4 if self_pickup else 3,
            "delivery_mode": 1,
            "shipping_list": [{"item_desc": description[:ITEM_LIMIT]}],
            "upload_time": clock.civil(uploaded_at).isoformat(timespec="milliseconds"),
            "payer": {"openid": openid},
        }
        try:
            self._client.call_json("wxa/sec/order/upload_shipping_info", body, {})
        except WeChatFailure as failure:
            if failure.errcode not in ALREADY_SHIPPED:
                raise

    def _exchange(self, js_code: str) -> dict[str, Any]:
        query = {
            "appid": self._appid,
            "secret": self._secret,
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        url = f"{self._base}/sns/jscode2session"
        try:
            return answer_of(self._session.get(url, params=query, timeout=self._timeout, allow_redirects=False))
        except (requests.RequestException, ValueError) as error:
            reason = type(error).__name__
        # Raised outside the handler: the error above carries the URL, and the URL the secret.
        raise WeChatBusy(reason=f"jscode2session: {reason}")


def _text(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not value:
        raise WeChatFailure(reason=f"{key} missing")
    return value
