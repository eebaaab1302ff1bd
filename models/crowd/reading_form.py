"""Reading one crowd reading as a sensor sent it: its own form errors stay its own, and never stop the others.

inside   a camera's count of the people in its view
flow     people over a counting line (客流计数) since `since`: in and out
parking  spaces taken
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from backend.errors import BadInput

KINDS = {"inside": ("inside",), "flow": ("in", "out"), "parking": ("taken",)}
_CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_ZONE = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MOST_SEQ = 2**53
MOST_PEOPLE = 100_000
_COMMON = {"channel", "kind", "zone", "boot", "seq", "at", "since"}


class Malformed(BadInput):
    """The reading cannot be read; `reason` says which part is wrong."""

    code = "crowd_reading_malformed"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True)
class Told:
    """One reading, by the sensor's own clock; `seq` rises with each reading of a channel until the sensor restarts."""

    channel: str
    kind: str
    zone: str
    boot: str
    seq: int
    at: datetime
    figures: Mapping[str, int] = field(default_factory=dict)


def read(raw: Any) -> Told:
    """Return the reading.

    Raises:
        Malformed: the first part that is wrong.
    """
    if not isinstance(raw, dict) or not isinstance(kind := raw.get("kind"), str) or kind not in KINDS:
        raise Malformed("kind")
    if set(raw) - _COMMON - set(KINDS[kind]):
        raise Malformed("form")
    at = _moment(raw, "at")
    if "since" in raw and not _moment(raw, "since") <= at:
        raise Malformed("since")
    return Told(
        channel=_text(raw, "channel", _CHANNEL),
        kind=kind,
        zone=_text(raw, "zone", _ZONE) if raw.get("zone") else "",
        boot=_text(raw, "boot", _CHANNEL) if raw.get("boot") else "",
        seq=_number(raw, "seq", _MOST_SEQ),
        at=at,
        figures={name: _number(raw, name, MOST_PEOPLE) for name in KINDS[kind]},
    )


def seq_of(raw: Any) -> int | None:
    """Return the sequence number even of a reading that is otherwise wrong, None when that is wrong too."""
    told = raw.get("seq") if isinstance(raw, dict) else None
    return told if type(told) is int and 0 <= told <= _MOST_SEQ else None


def _number(raw: dict[str, Any], name: str, most: int) -> int:
    told = raw.get(name)
    if type(told) is not int or not 0 <= told <= most:
        raise Malformed(name)
    return int(told)


def _text(raw: dict[str, Any], name: str, form: re.Pattern[str]) -> str:
    told = raw.get(name)
    if not isinstance(told, str) or not form.fullmatch(told):
        raise Malformed(name)
    return told


def _moment(raw: dict[str, Any], name: str) -> datetime:
    try:
        told = datetime.fromisoformat(raw[name])
        if told.tzinfo is None or not _FIRST <= told <= _LAST:
            raise Malformed(name)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Malformed(name) from None
    return told.astimezone(UTC)
