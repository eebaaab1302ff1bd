"""The one clock. Instants are aware UTC datetimes; days are counted in the county's civil time.

Test runs may shift the clock of all processes at once: `CLOCK_SHIFT_FILE` names a file that holds a
number of seconds. Production refuses that setting (`backend.settings`).
"""

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

CIVIL = ZoneInfo("Asia/Shanghai")

_shift_file = Path(os.environ["CLOCK_SHIFT_FILE"]) if os.environ.get("CLOCK_SHIFT_FILE") else None


def _shift() -> float:
    if _shift_file is None:
        return 0.0
    try:
        return float(_shift_file.read_text() or 0)
    except FileNotFoundError:
        return 0.0


def timestamp() -> float:
    """Return seconds since the epoch, shifted as the test run asks."""
    return time.time() + _shift()


def now() -> datetime:
    """Return the present instant in UTC, to the millisecond that the store keeps."""
    moment = datetime.fromtimestamp(timestamp(), UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def today() -> date:
    """Return the present civil day."""
    return now().astimezone(CIVIL).date()


def civil(moment: datetime) -> datetime:
    """Return an instant in civil time (+08:00); a naive one is read as UTC, as the store gives it."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(CIVIL)


def at(day: date, minute: int) -> datetime:
    """Return the instant `minute` minutes after the civil midnight that begins `day`."""
    return (datetime(day.year, day.month, day.day, tzinfo=CIVIL) + timedelta(minutes=minute)).astimezone(UTC)


def date_of(text: str) -> date:
    """Return the day of a `YYYY-MM-DD` that the store holds."""
    return date.fromisoformat(text)
