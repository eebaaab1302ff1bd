"""What a scanner is told when it has network: the time, whose codes it may believe, its limits, what was revoked."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from backend import clock, runtime
from backend.errors import NotFound
from models.devices import offline_limit, revocation
from models.identity.actors import Device
from models.identity.device import CODE_READERS

_ADVICE_FROM = 5
"""Seconds; below this a clock is as good as the network between."""
_NO_LIMIT_KNOWN = dict.fromkeys(offline_limit.FIGURES, 0)
"""Without figures a scanner accepts nothing offline."""


def told(device: Device, *, cursor: str | None) -> dict[str, Any]:
    """Return everything for a device; `revocations` is the next part of the feed.

    Raises:
        BadCursor: the cursor was not made by the feed.
    """
    now = clock.now()
    offset = round((now - device.sent_at).total_seconds()) if device.sent_at else 0
    return {
        "server_time": clock.civil(now).isoformat(timespec="milliseconds"),
        "clock_offset_seconds": offset,
        "clock_advice": _advice(offset),
        "device": {
            "id": device.device_id,
            "name": device.name,
            "scanner_class": device.scanner_class,
            "place": device.place,
            "zone": device.zone,
            "direction": device.direction,
            "reads_documents": device.reads_documents,
            "signs_entries": device.signs_entries,
        },
        "keys": _keys(device),
        "limits": _limits(device),
        "gate_rules": _gate_rules(device),
        "revocations": feed(device, cursor=cursor),
    }


GateRules = Callable[[Device], list[dict[str, Any]]]
_tellers: list[GateRules] = []


def tells_gate_rules(rules: GateRules) -> GateRules:
    """Register the decorated function as one that tells a gate what today's tickets agreed for it."""
    if rules not in _tellers:
        _tellers.append(rules)
    return rules


def _gate_rules(device: Device) -> list[dict[str, Any]]:
    return [rule for teller in _tellers for rule in teller(device)] if device.scanner_class == "venue" else []


def feed(device: Device, *, cursor: str | None) -> dict[str, Any]:
    """Return a part of the revocation feed as it goes out.

    Raises:
        BadCursor: the cursor was not made by the feed.
    """
    page = revocation.page(device, cursor)
    return {"items": page.items, "next": page.cursor, "more": page.more}


def _advice(offset: int) -> str:
    if abs(offset) < _ADVICE_FROM:
        return ""
    return f"本机时钟{'慢' if offset > 0 else '快'}了 {abs(offset)} 秒,验码时请按服务器时间修正。"


def _keys(device: Device) -> list[dict[str, Any]]:
    """Return the public keys; the secret ones of its class a device asks for with a key of its own."""
    parts = runtime.current()
    tickets = _listed("ticket", parts.ticket_keys.public) if device.scanner_class == "venue" else []
    cards = _listed("card", parts.code_keys.printed_public) if device.scanner_class in CODE_READERS else []
    return [*_listed("answer", parts.ticket_keys.public), *tickets, *cards]


def _listed(use: str, keys: Mapping[int, Ed25519PublicKey]) -> list[dict[str, Any]]:
    return [
        {
            "use": use,
            "key_id": key_id,
            "algorithm": "Ed25519",
            "public_key": b64encode(key.public_bytes_raw()).decode(),
        }
        for key_id, key in sorted(keys.items())
    ]


def _limits(device: Device) -> dict[str, Any]:
    try:
        found = offline_limit.on(device.scanner_class, clock.today())
    except NotFound:
        return {**_NO_LIMIT_KNOWN, "valid_from": "", "source": ""}
    return {name: found[name] for name in (*offline_limit.FIGURES, "valid_from", "source")}
