"""Waiting is polling a condition with a deadline."""

import time


def until(condition, *, seconds: float = 20, what: str = "the condition", pause: float = 0.01):
    """Return the first true value of `condition`; `pause` is longer where the asking itself is limited."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(pause)
    return value
