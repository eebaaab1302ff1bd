"""Which WeChat this deployment talks to, and what forbids it to start."""

import ipaddress
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from backend.wechat.pay_signature import load_private_key, load_public_key

API_BASE = "https://api.weixin.qq.com"
PAY_BASE = "https://api.mch.weixin.qq.com"
APIV3_KEY_BYTES = 32
PUSH_KEY_LENGTH = 43
CREDENTIALS = (
    "appid",
    "secret",
    "mchid",
    "merchant_private_key",
    "merchant_serial",
    "apiv3_key",
    "push_token",
    "push_aes_key",
)


@dataclass(frozen=True, kw_only=True)
class WeChatSettings:
    """All that the adapters of this package are built from. `origin` says where the keys come from."""

    mode: Literal["sandbox", "live"]
    appid: str
    secret: str = field(repr=False)
    mchid: str
    merchant_private_key: str = field(repr=False)
    merchant_serial: str
    apiv3_key: str = field(repr=False)
    pay_public_keys: Mapping[str, str]
    push_token: str = field(repr=False)
    push_aes_key: str = field(repr=False)
    api_base: str = API_BASE
    pay_base: str = PAY_BASE
    origin: Literal["settings", "sandbox"] = "settings"

    def problems(self) -> list[str]:
        """Return why the process must not start, in English and without any value; empty when it may.

        Values that are missing or malformed count in both modes. In live mode so do addresses that are not
        https to a public host, and keys that the sandbox made.
        """
        found = [f"{item.name} is missing" for item in fields(self) if not getattr(self, item.name)]
        return found + self._malformed() + (self._not_live() if self.mode == "live" else [])

    def _malformed(self) -> list[str]:
        found = []
        if self.mode not in ("sandbox", "live"):
            found.append("mode is neither sandbox nor live")
        if self.apiv3_key and len(self.apiv3_key.encode()) != APIV3_KEY_BYTES:
            found.append(f"apiv3_key is not {APIV3_KEY_BYTES} bytes long")
        if self.push_aes_key and len(self.push_aes_key) != PUSH_KEY_LENGTH:
            found.append(f"push_aes_key is not {PUSH_KEY_LENGTH} characters long")
        if self.merchant_private_key and not _loads(load_private_key, self.merchant_private_key):
            found.append("merchant_private_key is no RSA private key in PEM")
        found += [
            f"pay_public_keys: {key_id} is no RSA public key in PEM"
            for key_id, pem in self.pay_public_keys.items()
            if not _loads(load_public_key, pem)
        ]
        return found

    def _not_live(self) -> list[str]:
        found = []
        if self.origin == "sandbox":
            found.append('the keys count as the sandbox\'s: no "sandbox": false stands beside them')
        for name, base in (("api_base", self.api_base), ("pay_base", self.pay_base)):
            if urlsplit(base).scheme != "https":
                found.append(f"{name} is not https")
            if not _is_public(urlsplit(base).hostname or ""):
                found.append(f"{name} is not a public host")
        return found


def from_credentials(path: Path, *, mode: Literal["sandbox", "live"], api_base: str, pay_base: str) -> WeChatSettings:
    """Return the settings of a credentials.json.

    A file counts as the sandbox's unless it says `"sandbox": false`, so that a copied one cannot go live.
    While WeChat Pay's keys rotate, `pay_public_keys` (id to PEM, the one in use first) takes the place of
    `pay_public_key_id` and `pay_public_key`.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JSON object of texts.
        KeyError: a value is missing.
    """
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError("credentials are no JSON object")  # noqa: TRY004
    keys = values.get("pay_public_keys") or {values["pay_public_key_id"]: values["pay_public_key"]}
    texts = {name: values[name] for name in CREDENTIALS}
    if not isinstance(keys, dict) or not all(isinstance(text, str) for text in (*texts.values(), *keys.values())):
        raise ValueError("credentials that are no texts")
    origin: Literal["settings", "sandbox"] = "settings" if values.get("sandbox") is False else "sandbox"
    return WeChatSettings(mode=mode, origin=origin, api_base=api_base, pay_base=pay_base, pay_public_keys=keys, **texts)


def _loads(load: Callable[[str], object], pem: str) -> bool:
    try:
        load(pem)
    except ValueError:
        return False
    return True


def _is_public(host: str) -> bool:
    name = host.rstrip(".").lower()
    if not name or name == "localhost" or name.endswith((".localhost", ".local")):
        return False
    try:
        return _address(name).is_global
    except ValueError:
        return "." in name


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        # Reads 127.1 and 2130706433 too, as the connecting socket would.
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except OSError:
        address = ipaddress.ip_address(name)
        return getattr(address, "ipv4_mapped", None) or address
