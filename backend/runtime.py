"""The parts that one process was composed of: keys, Redis, WeChat clients. Composition roots install them once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from redis import Redis

from backend import sms_credentials
from backend.codes.code_keys import CodeKeys
from backend.codes.product_code import ProductKeys
from backend.exchange import BadCredentials, Credentials, Exchange, problems, read_credentials
from backend.keys import data_key, index_key
from backend.keys.service import EnvironmentKeys, FileKeys, KeyService
from backend.payout_bank import Bank
from backend.sealing import Sealer
from backend.settings import BadSettings, Settings
from backend.sms import Sms
from backend.store import connection
from backend.wechat.boundary import WeChatSettings, from_credentials
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

    @cached_property
    def public(self) -> dict[int, Ed25519PublicKey]:
        """Return the public keys by id."""
        return {key_id: key.public_key() for key_id, key in self.private.items()}


@dataclass(frozen=True)
class Runtime:
    """Everything a rule may need besides its arguments and the store."""

    settings: Settings
    keys: KeyService
    sealer: Sealer
    redis: Redis
    ticket_keys: TicketKeys
    audit_keys: TicketKeys
    code_keys: CodeKeys
    product_keys: ProductKeys
    wechat: WeChatSettings
    mini_program: MiniProgram
    pay: WeChatPay
    push: MessagePush
    exchange: Exchange | None = None
    card_centre: Exchange | None = None
    bank: Bank | None = None
    sms: Sms | None = None
    certificate_keys: TicketKeys = field(default_factory=lambda: TicketKeys({}))


_installed: list[Runtime] = []


def compose(settings: Settings) -> Runtime:
    """Connect and build all parts, check the store, install and return the runtime.

    Raises:
        StoreRefused: the store is no replica set.
        KeyUnknown, KeyBroken, KeyFileRefused, IndexKeysRefused: the keys given are not those of the store's data.
        BadSettings: WeChat's live mode was given sandbox values.
    """
    connection.require_replica_set(connection.connect(settings.mongodb_uri))
    keys = key_service(settings)
    redis = Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=1, health_check_interval=30)
    wechat = _wechat(settings)
    tokens = AccessTokens(appid=wechat.appid, secret=wechat.secret, api_base=wechat.api_base, redis=redis)
    built = Runtime(
        settings=settings,
        keys=keys,
        sealer=_sealer(settings, keys),
        redis=redis,
        ticket_keys=_signing_keys(settings.ticket_keys),
        audit_keys=_signing_keys(settings.audit_keys),
        code_keys=CodeKeys(settings.code_keys),
        product_keys=ProductKeys(settings.product_code_keys, frozenset(map(int, settings.product_code_retired))),
        wechat=wechat,
        mini_program=MiniProgram(appid=wechat.appid, secret=wechat.secret, api_base=wechat.api_base, tokens=tokens),
        pay=_pay(wechat),
        push=MessagePush(token=wechat.push_token, aes_key=wechat.push_aes_key, appid=wechat.appid),
        exchange=_exchange(settings),
        card_centre=_card_centre(settings),
        bank=_bank(settings),
        sms=_sms(settings),
        certificate_keys=_signing_keys(settings.certificate_keys),
    )
    install(built)
    return built


def _signing_keys(raw: Mapping[int, bytes]) -> TicketKeys:
    return TicketKeys({key_id: Ed25519PrivateKey.from_private_bytes(key) for key_id, key in raw.items()})


def key_service(settings: Settings) -> KeyService:
    """Return what wraps the data keys: the key file, or the keys of the environment."""
    if settings.key_file:
        return FileKeys(Path(settings.key_file), settings.field_keys)
    return EnvironmentKeys(settings.field_keys)


def _sealer(settings: Settings, keys: KeyService) -> Sealer:
    data_key.ensure(keys, settings.field_algorithm, direct=bool(settings.field_keys))
    index_key.require(settings.blind_index_keys)
    return Sealer(settings.field_keys, settings.blind_index_keys, lambda: data_key.opened(keys))


def _wechat(settings: Settings) -> WeChatSettings:
    mode: Literal["sandbox", "live"] = "live" if settings.wechat_mode == "live" else "sandbox"
    bases = {"api_base": settings.wechat_api_base, "pay_base": settings.wechatpay_base}
    try:
        wechat = from_credentials(Path(settings.wechat_credentials), mode=mode, **bases)
    except (OSError, ValueError, KeyError) as error:
        raise BadSettings([f"WECHAT_CREDENTIALS: {type(error).__name__}"]) from error
    if problems := wechat.problems():
        raise BadSettings(problems)
    return wechat


def _exchange(settings: Settings) -> Exchange | None:
    """Return the client of the exchange platform, None where this deployment has none yet."""
    base = settings.registers_base
    return Exchange(base, _credentials("REGISTERS", base, settings.registers_credentials, settings)) if base else None


def _card_centre(settings: Settings) -> Exchange | None:
    """Return the client of the card centre, None where this deployment has none yet."""
    base, file = settings.card_centre_base, settings.card_centre_credentials
    return Exchange(base, _credentials("CARD_CENTRE", base, file, settings)) if base else None


def _bank(settings: Settings) -> Bank | None:
    """Return the client of the paying bank, None where this deployment has none yet."""
    base = settings.bank_base
    return Bank(base, _credentials("BANK", base, settings.bank_credentials, settings)) if base else None


def _sms(settings: Settings) -> Sms | None:
    """Return the client of the SMS service, None where this deployment has none yet."""
    base = settings.sms_base
    if not base:
        return None
    try:
        credentials = sms_credentials.read(Path(settings.sms_credentials))
    except BadCredentials as error:
        raise BadSettings([f"SMS_CREDENTIALS: {error.reason}"]) from None
    if found := sms_credentials.problems(base, credentials, production=settings.production):
        raise BadSettings([f"SMS_BASE: {one}" for one in found])
    return Sms(base, credentials)


def _credentials(name: str, base: str, credentials_file: str, settings: Settings) -> Credentials:
    try:
        credentials = read_credentials(Path(credentials_file))
    except BadCredentials as error:
        raise BadSettings([f"{name}_CREDENTIALS: {error.reason}"]) from None
    if found := problems(base, credentials, production=settings.production):
        raise BadSettings([f"{name}_BASE: {one}" for one in found])
    return credentials


def _pay(wechat: WeChatSettings) -> WeChatPay:
    return WeChatPay(
        appid=wechat.appid,
        mchid=wechat.mchid,
        merchant_private_key=wechat.merchant_private_key,
        merchant_serial=wechat.merchant_serial,
        apiv3_key=wechat.apiv3_key,
        public_keys=wechat.pay_public_keys,
        pay_base=wechat.pay_base,
    )


def install(built: Runtime) -> None:
    """Make `built` the runtime of this process."""
    _installed[:] = [built]


def current() -> Runtime:
    """Return the runtime of this process."""
    return _installed[0]
