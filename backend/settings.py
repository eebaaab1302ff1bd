"""Settings: read once from the environment, typed, and checked before anything starts.

Every secret comes from the environment; `problems()` lists why production refuses to start.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from backend.errors import CityError
from backend.keys import service
from backend.keys.algorithms import AES_256_GCM, ALGORITHMS

FIELD_KEY_BYTES = 32
LARGEST_KEY_ID = 255
"""Sealed values and ticket codes carry the id in one byte."""
PASSWORD_KIB, LEAST_PASSWORD_KIB = 65_536, 32
"""Memory of one argon2id hash: RFC 9106, second recommended option; and the least that four lanes can work in."""
LARGEST_PRODUCT_KEY_ID = 15
"""Codes of packages carry the id in four bits."""


class BadSettings(CityError):
    """The process must not start; `reasons` holds one sentence each."""

    code = "bad_settings"
    zh = "配置有误,服务不能启动:{reasons}"
    en = "Settings refuse to start: {reasons}"

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(reasons="; ".join(reasons))
        self.reasons = reasons

    def __str__(self) -> str:
        return self.message("en")


@dataclass(frozen=True)
class Settings:
    """What one process was told. Keys are raw bytes; `*_keys` map a key id to a key, the highest id signs."""

    production: bool
    mongodb_uri: str
    redis_url: str
    broker_url: str
    public_base_url: str
    code_base_url: str
    field_keys: Mapping[int, bytes] = field(repr=False)
    key_file: str
    field_algorithm: str
    blind_index_keys: Mapping[int, bytes] = field(repr=False)
    ticket_keys: Mapping[int, bytes] = field(repr=False)
    audit_keys: Mapping[int, bytes] = field(repr=False)
    code_keys: Mapping[int, bytes] = field(repr=False)
    product_code_keys: Mapping[int, bytes] = field(repr=False)
    product_code_retired: tuple[str, ...]
    wechat_credentials: str
    wechat_mode: str
    wechat_api_base: str
    wechatpay_base: str
    wechat_verify_files: Mapping[str, str]
    customer_service_transfer: bool
    proxy_hops: int
    clock_shift_file: str
    debug: bool
    limit_factor: int
    file_problems: tuple[str, ...] = ()
    registers_base: str = ""
    registers_credentials: str = ""
    card_centre_base: str = ""
    card_centre_credentials: str = ""
    bank_base: str = ""
    bank_credentials: str = ""
    sms_base: str = ""
    sms_credentials: str = ""
    audit_heads_file: str = ""
    certificate_keys: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    password_kib: int = PASSWORD_KIB

    def problems(self) -> list[str]:
        """Return why this process must not start; empty when it may."""
        found = list(self.file_problems)
        found += self._key_problems()
        if self.limit_factor < 1:
            found.append("LIMIT_FACTOR must be a whole number from 1")
        if self.password_kib < LEAST_PASSWORD_KIB:
            found.append(f"PASSWORD_KIB must be a whole number from {LEAST_PASSWORD_KIB}")
        if self.proxy_hops < 0:
            found.append("PROXY_HOPS must be the number of proxies before this service")
        if self.broker_url.startswith("mongodb"):
            found.append("BROKER_URL: the MongoDB transport loses tasks; use Redis or RabbitMQ")
        found += _weak_store(self.mongodb_uri)
        return found + (self._production_problems() if self.production else [])

    def _every_key(self) -> list[bytes]:
        signing = (self.ticket_keys, self.audit_keys, self.code_keys, self.product_code_keys, self.certificate_keys)
        return [key for keys in (self.field_keys, *signing, self.blind_index_keys) for key in keys.values()]

    def _key_problems(self) -> list[str]:
        needed = [("TICKET_KEYS", self.ticket_keys), ("AUDIT_KEYS", self.audit_keys), ("CODE_KEYS", self.code_keys)]
        needed.append(("PRODUCT_CODE_KEYS", self.product_code_keys))
        if self.field_keys or not self.key_file:
            needed.append(("FIELD_KEYS", self.field_keys))
        found = [
            f"{name} holds a key that is not {FIELD_KEY_BYTES} bytes"
            for name, keys in needed
            if not keys or any(len(key) != FIELD_KEY_BYTES for key in keys.values())
        ]
        ids = (*self.field_keys, *self.ticket_keys, *self.audit_keys, *self.code_keys)
        if any(not 0 <= key_id <= LARGEST_KEY_ID for key_id in ids):
            names = "FIELD_KEYS, TICKET_KEYS, AUDIT_KEYS, CODE_KEYS"
            found.append(f"{names}: the id of a key is a number from 0 to {LARGEST_KEY_ID}")
        found += self._product_code_problems()
        if not self.blind_index_keys or any(len(key) < FIELD_KEY_BYTES for key in self.blind_index_keys.values()):
            found.append(f"BLIND_INDEX_KEYS holds a key that is shorter than {FIELD_KEY_BYTES} bytes")
        if any(len(key) != FIELD_KEY_BYTES for key in self.certificate_keys.values()):
            found.append(f"CERTIFICATE_KEYS holds a key that is not {FIELD_KEY_BYTES} bytes")
        if self.field_algorithm not in ALGORITHMS:
            found.append(f"FIELD_ALGORITHM must be one of {', '.join(ALGORITHMS)}")
        if len(set(self._every_key())) < len(self._every_key()):
            names = "FIELD_KEYS, BLIND_INDEX_KEYS, TICKET_KEYS, AUDIT_KEYS, CODE_KEYS, PRODUCT_CODE_KEYS"
            found.append(f"one key stands in {names} twice; make one for each use")
        return found

    def _product_code_problems(self) -> list[str]:
        found = []
        if any(not 0 <= key_id <= LARGEST_PRODUCT_KEY_ID for key_id in self.product_code_keys):
            found.append(f"PRODUCT_CODE_KEYS: the id of a key is a number from 0 to {LARGEST_PRODUCT_KEY_ID}")
        if set(self.product_code_retired) - {str(key_id) for key_id in self.product_code_keys}:
            found.append("PRODUCT_CODE_RETIRED names a key that is not in PRODUCT_CODE_KEYS")
        elif len(set(self.product_code_retired)) >= len(self.product_code_keys):
            found.append("PRODUCT_CODE_RETIRED leaves no key to issue with")
        return found

    def _production_problems(self) -> list[str]:
        found = []
        if self.limit_factor != 1:
            found.append("LIMIT_FACTOR lifts all rate limits; only fuzzing may")
        if self.password_kib < PASSWORD_KIB:
            found.append("PASSWORD_KIB makes passwords cheap to guess; only test runs may")
        if self.debug:
            found.append("DEBUG is on")
        if self.clock_shift_file:
            found.append("CLOCK_SHIFT_FILE moves the clock; only test runs may")
        if not self.public_base_url.startswith("https://"):
            found.append("PUBLIC_BASE_URL must be https")
        if self.wechat_mode != "live":
            found.append("WECHAT_MODE must be live")
        weak = {service.weakness(key) for key in self._every_key()} - {""}
        return found + [f"a key {one}" for one in sorted(weak)]


def _weak_store(uri: str) -> list[str]:
    options = {key.lower(): values[-1] for key, values in parse_qs(urlsplit(uri).query).items()}
    found = []
    if options.get("w", "majority") != "majority":
        found.append("MONGODB_URI: w must be majority")
    if options.get("readconcernlevel", "majority") != "majority":
        found.append("MONGODB_URI: readConcernLevel must be majority")
    if options.get("journal", "true").lower() == "false":
        found.append("MONGODB_URI: journal must not be off")
    return found


def _keys(text: str) -> dict[int, bytes]:
    """Read `1:base64,2:base64`; a part that cannot be read, or an id that comes twice, becomes an empty key.

    `problems` reports it.
    """
    keys: dict[int, bytes] = {}
    for part in filter(None, text.split(",")):
        key_id, _, value = part.partition(":")
        try:
            number, key = int(key_id), base64.b64decode(value, validate=True)
        except ValueError:
            number, key = 0, b""
        keys[number] = b"" if number in keys else key
    return keys


def _index_keys(env: Mapping[str, str]) -> dict[int, bytes]:
    """Return the index keys by id; BLIND_INDEX_KEY alone is the key of id 1."""
    return _keys(env.get("BLIND_INDEX_KEYS") or f"1:{env['BLIND_INDEX_KEY']}")


def _pairs(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in filter(None, text.split(",")) if "=" in part)


def load(env: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of this process.

    Raises:
        BadSettings: when something required is missing, or weak where it may not be.
    """
    one_of: dict[str, tuple[str, ...]] = {name: (name,) for name in ("MONGODB_URI", "REDIS_URL")}
    one_of |= {"FIELD_KEYS": ("FIELD_KEYS", "KEY_FILE"), "BLIND_INDEX_KEYS": ("BLIND_INDEX_KEYS", "BLIND_INDEX_KEY")}
    missing = [name for name, forms in one_of.items() if not any(env.get(form) for form in forms)]
    if missing:
        raise BadSettings([f"{name} is not set" for name in missing])
    hops, factor = env.get("PROXY_HOPS", "0"), env.get("LIMIT_FACTOR", "1")
    kib = env.get("PASSWORD_KIB") or str(PASSWORD_KIB)
    settings = Settings(
        production=env.get("ENVIRONMENT", "production") == "production",
        mongodb_uri=env["MONGODB_URI"],
        redis_url=env["REDIS_URL"],
        broker_url=env.get("BROKER_URL") or env["REDIS_URL"],
        public_base_url=env.get("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        code_base_url=(env.get("CODE_BASE_URL") or env.get("PUBLIC_BASE_URL", "http://127.0.0.1:8000")).rstrip("/"),
        field_keys=_keys(env.get("FIELD_KEYS", "")),
        key_file=env.get("KEY_FILE", ""),
        field_algorithm=env.get("FIELD_ALGORITHM") or AES_256_GCM.name,
        blind_index_keys=_index_keys(env),
        ticket_keys=_keys(env.get("TICKET_KEYS", "")),
        audit_keys=_keys(env.get("AUDIT_KEYS", "")),
        code_keys=_keys(env.get("CODE_KEYS", "")),
        certificate_keys=_keys(env.get("CERTIFICATE_KEYS", "")),
        product_code_keys=_keys(env.get("PRODUCT_CODE_KEYS", "")),
        product_code_retired=tuple(filter(None, env.get("PRODUCT_CODE_RETIRED", "").replace(" ", "").split(","))),
        audit_heads_file=env.get("AUDIT_HEADS_FILE", ""),
        wechat_credentials=env.get("WECHAT_CREDENTIALS", ""),
        wechat_mode=env.get("WECHAT_MODE", "live"),
        wechat_api_base=env.get("WECHAT_API_BASE", "https://api.weixin.qq.com").rstrip("/"),
        wechatpay_base=env.get("WECHATPAY_API_BASE", "https://api.mch.weixin.qq.com").rstrip("/"),
        wechat_verify_files=_pairs(env.get("WECHAT_VERIFY_FILES", "")),
        customer_service_transfer=env.get("CUSTOMER_SERVICE_TRANSFER", "1") == "1",
        proxy_hops=int(hops) if hops.isdecimal() else -1,
        clock_shift_file=env.get("CLOCK_SHIFT_FILE", ""),
        debug=env.get("DEBUG", "") == "1",
        limit_factor=int(factor) if factor.isdecimal() else 0,
        password_kib=int(kib) if kib.isdecimal() else 0,
        registers_base=env.get("REGISTERS_BASE", "").rstrip("/"),
        registers_credentials=env.get("REGISTERS_CREDENTIALS", ""),
        card_centre_base=env.get("CARD_CENTRE_BASE", "").rstrip("/"),
        card_centre_credentials=env.get("CARD_CENTRE_CREDENTIALS", ""),
        bank_base=env.get("BANK_BASE", "").rstrip("/"),
        bank_credentials=env.get("BANK_CREDENTIALS", ""),
        sms_base=env.get("SMS_BASE", "").rstrip("/"),
        sms_credentials=env.get("SMS_CREDENTIALS", ""),
        file_problems=(
            *_exposed("WECHAT_CREDENTIALS", env),
            *_exposed("REGISTERS_CREDENTIALS", env),
            *_exposed("CARD_CENTRE_CREDENTIALS", env),
            *_exposed("BANK_CREDENTIALS", env),
            *_exposed("SMS_CREDENTIALS", env),
            *_refused(env.get("KEY_FILE", "")),
        ),
    )
    if reasons := settings.problems():
        raise BadSettings(reasons)
    return settings


def _exposed(name: str, env: Mapping[str, str]) -> tuple[str, ...]:
    path = env.get(name, "")
    try:
        mode = Path(path).stat().st_mode if path else 0
    except OSError:
        return (f"{name} cannot be read: {path}",)
    return (f"{name} can be read by everybody; chmod 600",) if mode & 0o007 else ()


def _refused(path: str) -> tuple[str, ...]:
    try:
        if path:
            service.read_file(Path(path))
    except service.KeyFileRefused as refusal:
        return (str(refusal),)
    return ()
