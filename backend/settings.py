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

FIELD_KEY_BYTES = 32
LARGEST_KEY_ID = 255
"""Sealed values and ticket codes carry the id in one byte."""


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
    field_keys: Mapping[int, bytes] = field(repr=False)
    blind_index_key: bytes = field(repr=False)
    ticket_keys: Mapping[int, bytes] = field(repr=False)
    wechat_credentials: str
    wechat_mode: str
    wechat_api_base: str
    wechatpay_base: str
    wechat_verify_files: Mapping[str, str]
    customer_service_transfer: bool
    proxy_hops: int
    clock_shift_file: str
    debug: bool
    file_problems: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        """Return why this process must not start; empty when it may."""
        found = list(self.file_problems)
        found += [
            f"{name} holds a key that is not {FIELD_KEY_BYTES} bytes"
            for name, keys in (("FIELD_KEYS", self.field_keys), ("TICKET_KEYS", self.ticket_keys))
            if not keys or any(len(key) != FIELD_KEY_BYTES for key in keys.values())
        ]
        if any(not 0 <= key_id <= LARGEST_KEY_ID for key_id in (*self.field_keys, *self.ticket_keys)):
            found.append(f"FIELD_KEYS, TICKET_KEYS: the id of a key is a number from 0 to {LARGEST_KEY_ID}")
        if self.proxy_hops < 0:
            found.append("PROXY_HOPS must be the number of proxies before this service")
        if len(self.blind_index_key) < FIELD_KEY_BYTES:
            found.append(f"BLIND_INDEX_KEY is shorter than {FIELD_KEY_BYTES} bytes")
        if self.broker_url.startswith("mongodb"):
            found.append("BROKER_URL: the MongoDB transport loses tasks; use Redis or RabbitMQ")
        found += _weak_store(self.mongodb_uri)
        return found + (self._production_problems() if self.production else [])

    def _production_problems(self) -> list[str]:
        found = []
        if self.debug:
            found.append("DEBUG is on")
        if self.clock_shift_file:
            found.append("CLOCK_SHIFT_FILE moves the clock; only test runs may")
        if not self.public_base_url.startswith("https://"):
            found.append("PUBLIC_BASE_URL must be https")
        if self.wechat_mode != "live":
            found.append("WECHAT_MODE must be live")
        keys = (*self.field_keys.values(), *self.ticket_keys.values(), self.blind_index_key)
        if any(len(set(key)) < FIELD_KEY_BYTES // 4 for key in keys):
            found.append("a key repeats its bytes; make keys with a random generator")
        return found


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
    """Read `1:base64,2:base64`; a part that cannot be read becomes an empty key, which `problems` reports."""
    keys = {}
    for part in filter(None, text.split(",")):
        key_id, _, value = part.partition(":")
        try:
            keys[int(key_id)] = base64.b64decode(value, validate=True)
        except ValueError:
            keys[0] = b""
    return keys


def _pairs(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in filter(None, text.split(",")) if "=" in part)


def load(env: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of this process.

    Raises:
        BadSettings: when something required is missing, or weak where it may not be.
    """
    missing = [name for name in ("MONGODB_URI", "REDIS_URL", "FIELD_KEYS", "BLIND_INDEX_KEY") if not env.get(name)]
    if missing:
        raise BadSettings([f"{name} is not set" for name in missing])
    try:
        index_key = base64.b64decode(env["BLIND_INDEX_KEY"], validate=True)
    except ValueError:
        index_key = b""
    hops = env.get("PROXY_HOPS", "0")
    settings = Settings(
        production=env.get("ENVIRONMENT", "production") == "production",
        mongodb_uri=env["MONGODB_URI"],
        redis_url=env["REDIS_URL"],
        broker_url=env.get("BROKER_URL") or env["REDIS_URL"],
        public_base_url=env.get("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        field_keys=_keys(env["FIELD_KEYS"]),
        blind_index_key=index_key,
        ticket_keys=_keys(env.get("TICKET_KEYS", "")),
        wechat_credentials=env.get("WECHAT_CREDENTIALS", ""),
        wechat_mode=env.get("WECHAT_MODE", "live"),
        wechat_api_base=env.get("WECHAT_API_BASE", "https://api.weixin.qq.com").rstrip("/"),
        wechatpay_base=env.get("WECHATPAY_API_BASE", "https://api.mch.weixin.qq.com").rstrip("/"),
        wechat_verify_files=_pairs(env.get("WECHAT_VERIFY_FILES", "")),
        customer_service_transfer=env.get("CUSTOMER_SERVICE_TRANSFER", "1") == "1",
        proxy_hops=int(hops) if hops.isdecimal() else -1,
        clock_shift_file=env.get("CLOCK_SHIFT_FILE", ""),
        debug=env.get("DEBUG", "") == "1",
        file_problems=_exposed(env.get("WECHAT_CREDENTIALS", "")),
    )
    if reasons := settings.problems():
        raise BadSettings(reasons)
    return settings


def _exposed(path: str) -> tuple[str, ...]:
    try:
        mode = Path(path).stat().st_mode if path else 0
    except OSError:
        return (f"WECHAT_CREDENTIALS cannot be read: {path}",)
    return ("WECHAT_CREDENTIALS can be read by everybody; chmod 600",) if mode & 0o007 else ()
