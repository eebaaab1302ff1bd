"""The sandbox's clock: the machine's, moved by the seconds in the file that CLOCK_SHIFT_FILE names."""

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

SHANGHAI = timezone(timedelta(hours=8))


def now() -> float:
    """Seconds since the epoch, shifted."""
    path = os.environ.get("CLOCK_SHIFT_FILE")
    if not path:
        return time.time()
    try:
        return time.time() + float(Path(path).read_text(encoding="utf-8") or 0)
    except (OSError, ValueError):
        return time.time()


def local(moment: float) -> datetime:
    """A moment as WeChat shows it: in China's time, to the second."""
    return datetime.fromtimestamp(int(moment), SHANGHAI)


def rfc3339(moment: float) -> str:
    """A moment as it stands in Pay v3 answers."""
    return local(moment).isoformat()


def parse(text: str) -> float:
    """The moment of an RFC 3339 text; ValueError when it is none or has no offset."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("a time needs an offset")
    return parsed.timestamp()
