"""How a call of the mini-program's server interface goes out and what its error numbers become."""

import re
from collections.abc import Mapping
from typing import Any

import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from backend.errors import CityError
from backend.wechat.errors import MessageFieldRefused, WeChatBusy, WeChatFailure
from backend.wechat.tokens import BUSY, AccessTokens

STALE_TOKEN = frozenset({40001, 40014, 42001})
FIELD = re.compile(r"data\.(\w+)")

Errors = Mapping[int, type[CityError]]


class MiniClient(WeChatClient):
    """wechatpy's client on our token, session and base address, which does not retry on its own.

    `call` renews a stale token once and repeats the call once.
    """

    def __init__(
        self, tokens: AccessTokens, *, appid: str, api_base: str, session: requests.Session, timeout: float
    ) -> None:
        super().__init__(appid, "", timeout=timeout, auto_retry=False)
        self._tokens = tokens
        self._http = session
        self.API_BASE_URL = api_base + "/"

    @property
    def access_token(self) -> str:
        """The shared token, whoever of wechatpy's own methods asks for it."""
        return self._tokens.get()

    def fetch_access_token(self) -> dict[str, str]:
        """Stand in for wechatpy's own fetch, which would retire the token of every other process."""
        return {"access_token": self._tokens.get()}

    def call(self, path: str, body: dict[str, Any], errors: Errors) -> Any:
        """POST and return the JSON answer, or the response where it is no JSON.

        `errors` says which error numbers become which errors; others become WeChatBusy or WeChatFailure.
        """
        token = self._tokens.get()
        try:
            return self._send(path, body, token, errors)
        except WeChatFailure as failure:
            if failure.errcode not in STALE_TOKEN:
                raise
        return self._send(path, body, self._tokens.renew(token), errors)

    def call_json(self, path: str, body: dict[str, Any], errors: Errors) -> dict[str, Any]:
        """Do as `call`, for an answer that must be a JSON object."""
        result = self.call(path, body, errors)
        if not isinstance(result, dict):
            raise WeChatFailure(reason=f"{path}: no JSON object")
        return result

    def _send(self, path: str, body: dict[str, Any], token: str, errors: Errors) -> Any:
        failure: CityError
        try:
            return self.post(path, params={"access_token": token}, data=body, allow_redirects=False)
        except WeChatClientException as error:
            call = path if error.errcode else f"{path}: HTTP {error.response.status_code}"
            failure = failure_of(error.errcode, call, error.errmsg, errors)
        except (requests.RequestException, TypeError, ValueError) as error:
            failure = WeChatBusy(reason=f"{path}: {type(error).__name__}")
        # Raised outside the handlers: the errors above carry the URL, and the URL the token.
        raise failure


def failure_of(errcode: int | None, call: str, errmsg: object, errors: Errors) -> CityError:
    """Return the error for one of WeChat's numbers; None stands for an HTTP status that is no success."""
    kind = errors.get(errcode or 0)
    if kind is MessageFieldRefused:
        named = FIELD.search(str(errmsg))
        return MessageFieldRefused(errcode=errcode, field=named.group(1) if named else "")
    if kind:
        return kind(errcode=errcode)
    return (WeChatBusy if errcode is None or errcode in BUSY else WeChatFailure)(errcode=errcode, reason=call)
