"""The simulator's clock: the machine's, moved by the seconds in the file that CLOCK_SHIFT_FILE names."""

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

SHANGHAI = timezone(timedelta(hours=8))


def now() -> float:
    """Return seconds since the epoch, shifted."""
    path = os.environ.get("CLOCK_SHIFT_FILE")
    if not path:
        return time.time()
    try:
        return time.time() + float(Path(path).read_text(encoding="utf-8") or 0)
    except (OSError, ValueError):
        return time.time()


def today() -> str:
    """Return the civil day."""
    return datetime.fromtimestamp(now(), SHANGHAI).date().isoformat()
