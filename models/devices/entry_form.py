"""Reading one journal entry as a scanner sent it: its own form errors stay its own, and never stop the others."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from backend.errors import BadInput

NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_DEVICE = re.compile(r"[a-z0-9_-]{1,64}", re.ASCII)
_PROOF = re.compile(r"[A-Za-z0-9+/]{86}==", re.ASCII)
_LABEL = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
MOST_CODE = 3000
DEEPEST = 20
DECISIONS = ("admitted", "refused")
DIRECTIONS = ("in", "out")
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_KNOWN = frozenset({"nonce", "at", "offline_since", "code_kind", "code", "decision", "reason", "zone", "direction"}) | {
    "device",
    "proof",
}


class Malformed(BadInput):
    """The entry cannot be read; `reason` says which part is wrong."""

    code = "journal_entry_malformed"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True)
class Entry:
    """One decision of a scanner, by its own clock."""

    nonce: str
    at: datetime
    offline_since: datetime | None
    code_kind: str
    code: str
    decision: str
    reason: str
    zone: str | None
    direction: str
    digest: str
    device: str = ""
    proof: str = ""


def read(raw: Any) -> Entry:
    """Return the entry.

    Raises:
        Malformed: the first part that is wrong.
    """
    if not isinstance(raw, dict) or set(raw) - _KNOWN:
        raise Malformed("form")
    return Entry(
        nonce=_text(raw, "nonce", NONCE),
        at=_moment(raw, "at"),
        offline_since=_moment(raw, "offline_since") if "offline_since" in raw else None,
        code_kind=_text(raw, "code_kind", _WORD),
        code=_code(raw),
        decision=_one_of(raw, "decision", DECISIONS),
        reason=_text(raw, "reason", _WORD) if "reason" in raw else "",
        zone=_zone(raw),
        direction=_one_of(raw, "direction", DIRECTIONS) if "direction" in raw else "",
        digest=digest(raw),
        device=_text(raw, "device", _DEVICE) if "device" in raw else "",
        proof=_text(raw, "proof", _PROOF) if "proof" in raw else "",
    )


def nonce_of(raw: Any) -> str:
    """Return the nonce even of an entry that is otherwise wrong, empty when that is wrong too."""
    told = raw.get("nonce") if isinstance(raw, dict) else None
    return told if isinstance(told, str) and NONCE.fullmatch(told) else ""


def digest(raw: Any) -> str:
    """Return what tells two entries under one nonce apart, whatever the order of their fields."""
    return hashlib.sha256(written(raw)).hexdigest()


def written(raw: Any) -> bytes:
    """Return what was sent as JSON; below `DEEPEST` levels, which no entry has and no writer bears, it is cut."""
    return orjson.dumps(_cut(raw, DEEPEST), option=orjson.OPT_SORT_KEYS)


def _cut(raw: Any, levels: int) -> Any:
    if not isinstance(raw, dict | list):
        return raw
    if not levels:
        return "…"
    if isinstance(raw, list):
        return [_cut(one, levels - 1) for one in raw]
    return {name: _cut(one, levels - 1) for name, one in raw.items()}


def _text(raw: dict[str, Any], name: str, form: re.Pattern[str]) -> str:
    told = raw.get(name)
    if not isinstance(told, str) or not form.fullmatch(told):
        raise Malformed(name)
    return told


def _zone(raw: dict[str, Any]) -> str | None:
    """Return the zone; empty is the place as a whole, None what the device is registered for."""
    if "zone" not in raw:
        return None
    return "" if raw["zone"] == "" else _text(raw, "zone", _LABEL)


def _code(raw: dict[str, Any]) -> str:
    told = raw.get("code")
    if not isinstance(told, str) or not 1 <= len(told) <= MOST_CODE:
        raise Malformed("code")
    return told


def _one_of(raw: dict[str, Any], name: str, words: tuple[str, ...]) -> str:
    told = raw.get(name)
    if told not in words:
        raise Malformed(name)
    return str(told)


def _moment(raw: dict[str, Any], name: str) -> datetime:
    try:
        told = datetime.fromisoformat(raw[name])
        if told.tzinfo is None or not _FIRST <= told <= _LAST:
            raise Malformed(name)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Malformed(name) from None
    return told.astimezone(UTC)
