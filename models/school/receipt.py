"""The number of a receipt (受理编号): `RX-<year>-<eight random digits>-<six check digits>`.

It tells nothing of who was first: the digits are drawn, not counted. The check digits find a slip of the pen.
"""

import hashlib
import re
import secrets

PATTERN = r"^RX-[0-9]{4}-[0-9]{8}-[0-9]{6}\Z"
_BODY, _CHECK = 10**8, 10**6


def number(school_year: int) -> str:
    """Return a number that is drawn."""
    body = f"RX-{school_year}-{secrets.randbelow(_BODY):08d}"
    return f"{body}-{check(body)}"


def check(body: str) -> str:
    """Return the check digits of the first part of a number."""
    return f"{int.from_bytes(hashlib.sha256(body.encode()).digest()[:8]) % _CHECK:06d}"


def is_right(told: str) -> bool:
    """Tell whether a number can be one: of the right form, with its own check digits."""
    return bool(re.match(PATTERN, told)) and check(told[:-7]) == told[-6:]
