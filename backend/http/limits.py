"""Rate limits. Logins and one-time codes count in Redis and fail closed; the general guard counts in the process.

The general guard protects a worker from one runaway client. It is kept in memory, so that reading goes on when Redis
is away; its figure holds for each worker.
"""

import threading
import time
from collections.abc import Sequence

from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from backend import runtime
from backend.errors import TooMany, Unavailable

_strict: dict[str, MovingWindowRateLimiter] = {}


def guard(actor: str, *, per_minute: int = 600) -> None:
    """Count one request of an actor in this process.

    Raises:
        TooMany: above `per_minute`.
    """
    if not _general.hit(actor, per_minute * _scale.factor):
        raise TooMany(retry_after=60)


class _Minute:
    """Counts by actor within the running minute. The storage that `limits` has for memory starts threads to forget."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}

    def hit(self, actor: str, most: int) -> bool:
        minute = int(time.monotonic()) // 60
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            count = self._counts[actor] = self._counts.get(actor, 0) + 1
        return count <= most

    def forget(self) -> None:
        with self._lock:
            self._counts = {}


_general = _Minute()


class _Scale:
    """All limits are multiplied by `factor`, which is 1 wherever people are served."""

    factor = 1


_scale = _Scale()


def multiply(factor: int) -> None:
    """Multiply all limits of this process, and count anew: a fuzzing run sends more than anybody may."""
    _scale.factor = factor
    _general.forget()


def strictly(rule: str, *identifiers: str) -> None:
    """Count one try against `rule` (for example "5/minute") over all processes.

    Raises:
        TooMany: above the rule.
        Unavailable: Redis is away; what must be limited is then refused.
    """
    item = _item(rule)
    try:
        if not _limiter(runtime.current().settings.redis_url).hit(item, _key(identifiers)):
            raise TooMany(retry_after=item.get_expiry())
    except RedisError:
        raise Unavailable from None


def require_left(rule: str, *identifiers: str) -> None:
    """Check that another try against `rule` would be allowed, without counting one.

    Raises:
        TooMany: none would.
        Unavailable: Redis is away; what must be limited is then refused.
    """
    item = _item(rule)
    try:
        if not _limiter(runtime.current().settings.redis_url).test(item, _key(identifiers)):
            raise TooMany(retry_after=item.get_expiry())
    except RedisError:
        raise Unavailable from None


def forgive(rule: str, *identifiers: str) -> None:
    """Forget the tries that were counted against `rule`, after one that was right.

    Raises:
        Unavailable: Redis is away.
    """
    try:
        _limiter(runtime.current().settings.redis_url).clear(_item(rule), _key(identifiers))
    except RedisError:
        raise Unavailable from None


def _key(identifiers: Sequence[str]) -> str:
    """Return what Redis keeps of identifiers: they may be addresses, or whatever was typed in as a login."""
    return runtime.current().sealer.blind("limits", "\x00".join(identifiers)).hex()


def _item(rule: str) -> RateLimitItem:
    told = parse(rule)
    return type(told)(told.amount * _scale.factor, told.multiples)


def _limiter(url: str) -> MovingWindowRateLimiter:
    if url not in _strict:
        storage = storage_from_string(url, socket_timeout=2, socket_connect_timeout=1)
        _strict[url] = MovingWindowRateLimiter(storage)
    return _strict[url]
