"""Waiting is polling a condition with a deadline."""

import time


def until(condition, *, seconds: float = 20, what: str = "the condition"):
    """Return the first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.01)
    return value
