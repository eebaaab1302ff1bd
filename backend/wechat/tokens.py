"""The access token of the mini-program, shared by all processes through Redis."""

import secrets
import time

import redis
import requests

from backend.errors import Unavailable
from backend.wechat.errors import WeChatBusy, WeChatFailure
from backend.wechat.transport import answer_of, pooled_session

BUSY = frozenset({-1, 45009, 45011})
MARGIN_SECONDS = 120
POLL_SECONDS = 0.02

# Storing and letting go happen in one step, and only while the lock is still ours.
_STORE = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[2], ARGV[2], 'EX', ARGV[3])
redis.call('del', KEYS[1])
return 1
"""
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class AccessTokens:
    """Keeps one access token an appid: one refresher at a time, the others wait and read.

    `timeout` is in seconds, for one call to WeChat; nobody waits longer than three times that and a second.
    """

    def __init__(
        self,
        *,
        appid: str,
        secret: str,
        api_base: str,
        redis: redis.Redis,
        timeout: float = 5.0,
        session: requests.Session | None = None,
    ) -> None:
        self._appid, self._secret = appid, secret
        self._url = f"{api_base.rstrip('/')}/cgi-bin/stable_token"
        self._redis = redis
        self._timeout = timeout
        self._session = session or pooled_session()
        self._key, self._lock = f"wechat:token:{appid}", f"wechat:token:{appid}:lock"

    def get(self) -> str:
        """Return a valid token, fetched if none is stored.

        Raises:
            Unavailable: Redis is away.
            WeChatBusy: WeChat is busy or silent, or the refresher did not finish in time.
            WeChatFailure: WeChat refuses appid, secret or address.
        """
        return self._token_other_than(None)

    def renew(self, bad_token: str) -> str:
        """Return a token in place of one that WeChat called stale; fetches only if nobody did so yet.

        WeChat may insist on the same token, so the answer can equal `bad_token`. Raises like `get`.
        """
        return self._token_other_than(bad_token)

    def _token_other_than(self, bad: str | None) -> str:
        try:
            return self._stored(bad) or self._wait_or_refresh(bad)
        except redis.RedisError as error:
            raise Unavailable from error

    def _stored(self, bad: str | None) -> str | None:
        value = self._redis.get(self._key)
        token = value.decode() if isinstance(value, bytes) else value
        return token if token and token != bad else None

    def _wait_or_refresh(self, bad: str | None) -> str:
        owner = secrets.token_hex(16)
        lock_ms = int(self._timeout * 2000) + 1000
        deadline = time.monotonic() + self._timeout + 1
        while not self._redis.set(self._lock, owner, nx=True, px=lock_ms):
            if time.monotonic() > deadline:
                raise WeChatBusy(reason="token refresher did not finish")
            time.sleep(POLL_SECONDS)
            if token := self._stored(bad):
                return token
        try:
            return self._stored(bad) or self._refresh(owner)
        finally:
            self._redis.eval(_RELEASE, 1, self._lock, owner)

    def _refresh(self, owner: str) -> str:
        token, expires_in = self._fetch()
        keep = max(expires_in - MARGIN_SECONDS, expires_in // 2, 1)
        self._redis.eval(_STORE, 2, self._lock, self._key, owner, token, str(keep))
        return token

    def _fetch(self) -> tuple[str, int]:
        body: dict[str, str | bool] = {
            "grant_type": "client_credential",
            "appid": self._appid,
            "secret": self._secret,
            "force_refresh": False,
        }
        try:
            response = self._session.post(self._url, json=body, timeout=self._timeout, allow_redirects=False)
            answer = answer_of(response)
        except (requests.RequestException, ValueError) as error:
            raise WeChatBusy(reason=f"stable_token: {type(error).__name__}") from error
        if errcode := answer.get("errcode"):
            kind = WeChatBusy if errcode in BUSY else WeChatFailure
            raise kind(errcode=errcode, reason="stable_token")
        try:
            return str(answer["access_token"]), int(answer["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise WeChatFailure(reason="stable_token: no token in the answer") from error
