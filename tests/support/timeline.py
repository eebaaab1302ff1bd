"""When the tests live: their clock begins at one and the same moment, so that a day in a test never passes.

The moment is a working day with working days around it, before all days that tests name as coming.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

BEGINS = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
"""A Friday, 09:30 of the county."""
_AHEAD = BEGINS.timestamp() - time.time()


def file() -> Path:
    """Return the file by which all processes of the tests learn how far their clock is from the machine's."""
    return Path(os.environ["CLOCK_SHIFT_FILE"])


def unshifted() -> float:
    """Return the seconds since the epoch of the tests' clock where no test has moved it."""
    return time.time() + _AHEAD


def shift(seconds: float) -> None:
    """Move the clock of all processes, counted from `unshifted`."""
    file().write_text(str(_AHEAD + seconds))


def shifted() -> float:
    """Return by how many seconds the clock is moved now."""
    return float(file().read_text()) - _AHEAD


@contextmanager
def kept() -> Iterator[None]:
    """Leave the clock as it is found here, wherever it is moved meanwhile."""
    before = file().read_text()
    try:
        yield
    finally:
        file().write_text(before)


def of_the_machine() -> None:
    """Let the clock be the machine's: for tests whose processes have no other."""
    file().write_text("0")
