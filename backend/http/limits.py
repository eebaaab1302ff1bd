"""Rate limits. Logins and one-time codes count in Redis and fail closed; the general guard counts in the process.

The general guard protects a worker from one runaway client. It is kept in memory, so that reading goes on when Redis
is away; its figure holds for each worker.
"""

from limits import RateLimitItemPerMinute, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from redis.exceptions import RedisError

from backend import runtime
from backend.errors import TooMany, Unavailable

_general = FixedWindowRateLimiter(MemoryStorage())
_strict: dict[str, MovingWindowRateLimiter] = {}


def guard(actor: str, *, per_minute: int = 600) -> None:
    """Count one request of an actor in this process.

    Raises:
        TooMany: above `per_minute`.
    """
    if not _general.hit(RateLimitItemPerMinute(per_minute), actor):
        raise TooMany(retry_after=60)


def strictly(rule: str, *identifiers: str) -> None:
    """Count one try against `rule` (for example "5/minute") over all processes.

    Raises:
        TooMany: above the rule.
        Unavailable: Redis is away; what must be limited is then refused.
    """
    item = parse(rule)
    try:
        if not _limiter(runtime.current().settings.redis_url).hit(item, *identifiers):
            raise TooMany(retry_after=item.get_expiry())
    except RedisError:
        raise Unavailable from None


def _limiter(url: str) -> MovingWindowRateLimiter:
    if url not in _strict:
        storage = storage_from_string(url, socket_timeout=2, socket_connect_timeout=1)
        _strict[url] = MovingWindowRateLimiter(storage)
    return _strict[url]
