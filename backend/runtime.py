"""The parts that one process was composed of: keys, Redis, WeChat clients. Composition roots install them once."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from redis import Redis

from backend.sealing import Sealer
from backend.settings import Settings
from backend.store import connection
from backend.wechat.boundary import WeChatSettings
from backend.wechat.mini_program import MiniProgram
from backend.wechat.pay import WeChatPay
from backend.wechat.push import MessagePush
from backend.wechat.tokens import AccessTokens


@dataclass(frozen=True)
class TicketKeys:
    """Ed25519 keys by id; the highest id signs, all verify."""

    private: Mapping[int, Ed25519PrivateKey]

    @property
    def current(self) -> int:
        """Return the id of the key that signs."""
        return max(self.private)

    @property
    def public(self) -> dict[int, Ed25519PublicKey]:
        """Return the public keys by id."""
        return {key_id: key.public_key() for key_id, key in self.private.items()}


@dataclass(frozen=True)
class Runtime:
    """Everything a rule may need besides its arguments and the store."""

    settings: Settings
    sealer: Sealer
    redis: "Redis[bytes]"
    ticket_keys: TicketKeys
    wechat: WeChatSettings
    mini_program: MiniProgram
    pay: WeChatPay
    push: MessagePush


_installed: list[Runtime] = []


def compose(settings: Settings) -> Runtime:
    """Connect and build all parts, check the store, install and return the runtime.

    Raises:
        StoreRefused: the store is no replica set.
        BadSettings: WeChat's live mode was given sandbox values.
    """
    connection.require_replica_set(connection.connect(settings.mongodb_uri))
    redis: Redis[bytes] = Redis.from_url(
        settings.redis_url, socket_timeout=2, socket_connect_timeout=1, health_check_interval=30
    )
    wechat = _wechat(settings)
    tokens = AccessTokens(wechat.appid, wechat.secret, wechat.api_base, redis)
    private = {key_id: Ed25519PrivateKey.from_private_bytes(key) for key_id, key in settings.ticket_keys.items()}
    built = Runtime(
        settings=settings,
        sealer=Sealer(settings.field_keys, settings.blind_index_key),
        redis=redis,
        ticket_keys=TicketKeys(private),
        wechat=wechat,
        mini_program=MiniProgram(appid=wechat.appid, secret=wechat.secret, api_base=wechat.api_base, tokens=tokens),
        pay=WeChatPay(wechat),
        push=MessagePush(wechat.push_token, wechat.push_aes_key, wechat.appid),
    )
    install(built)
    return built


def install(built: Runtime) -> None:
    """Make `built` the runtime of this process."""
    _installed[:] = [built]


def current() -> Runtime:
    """Return the runtime of this process."""
    return _installed[0]
