"""What a customer of an SMS service holds, and why a deployment must not use it."""

import ipaddress
import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from backend.exchange import BadCredentials

_NAMES = ("secret_id", "secret_key", "sdk_app_id", "sign_name", "callback_key")


@dataclass(frozen=True)
class SmsCredentials:
    """`sign_name` is the approved sender (短信签名); `callback_key` proves receipts. A simulator's say so."""

    secret_id: str
    secret_key: str = field(repr=False)
    sdk_app_id: str
    sign_name: str
    callback_key: str = field(repr=False)
    simulator: bool = True


def read(path: Path) -> SmsCredentials:
    """Return the credentials of a JSON file; without `"simulator": false` they count as a simulator's.

    Raises:
        BadCredentials: the file cannot be read, or lacks something.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        values = {name: told[name] for name in _NAMES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadCredentials(type(error).__name__) from None
    if not all(isinstance(value, str) and value for value in values.values()):
        raise BadCredentials("a value is empty or no text")
    return SmsCredentials(**values, simulator=told.get("simulator") is not False)


def problems(base: str, credentials: SmsCredentials, *, production: bool) -> list[str]:
    """Return why this service must not be used, in English and without any value."""
    told = urlsplit(base)
    if told.scheme not in ("http", "https") or not told.hostname or told.username or told.query or told.fragment:
        return ["the SMS service's address is no plain http(s) address"]
    found = []
    if told.path not in ("", "/"):
        found.append("the SMS service's address has a path; the signature covers none")
    if told.scheme == "http" and (production or not _is_loopback(told.hostname)):
        found.append("the SMS service's address must be https")
    if production and _is_loopback(told.hostname):
        found.append("the SMS service's address is this machine")
    if production and credentials.simulator:
        found.append("the SMS service's credentials count as a simulator's: no \"simulator\": false in them")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
