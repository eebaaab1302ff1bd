"""Passwords of staff: what is strong enough, and argon2id.

GB/T 22239-2019 level 3 (8.1.4.1) asks staff accounts for complexity, so a password has at least twelve characters of
three of four classes and does not hold the login. Residents have none.
"""

import secrets
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend import runtime
from backend.errors import BadInput, TooMany

LEAST, MOST = 12, 128
LEAST_CLASSES = 3
MOST_AT_ONCE = 2
"""A hash takes 64 MiB and four threads: more at once would starve the other requests of this process."""
WAIT_SECONDS = 5.0

_turns = threading.BoundedSemaphore(MOST_AT_ONCE)
_CLASSES: tuple[Callable[[str], bool], ...] = (
    str.isupper,
    str.islower,
    str.isdigit,
    lambda c: not (c.isupper() or c.islower() or c.isdigit()),
)


class PasswordWeak(BadInput):
    """400: the password would be too easy to guess."""

    code = "password_weak"
    zh = "密码需 12 至 128 位,含大写字母、小写字母、数字、符号中的至少三类,且不能包含账号名。"
    en = "A password has 12 to 128 characters of three of four classes and does not hold the login."

    def __init__(self) -> None:
        super().__init__(fields={"password": [self.zh]})


def require_strong(text: str, login: str) -> None:
    """Check a new password.

    Raises:
        PasswordWeak: too short, of too few classes, or holding the login.
    """
    classes = sum(any(map(of_class, text)) for of_class in _CLASSES)
    if not LEAST <= len(text) <= MOST or classes < LEAST_CLASSES or login.casefold() in text.casefold():
        raise PasswordWeak


def digest(text: str) -> str:
    """Return the argon2id hash of a password."""
    with _turn():
        return _hashing()[0].hash(_normal(text))


def matches(kept: str | None, text: str) -> bool:
    """Tell whether `text` is the password; without one to compare it takes as long and is False."""
    with _turn():
        hasher, nobody = _hashing()
        try:
            right = hasher.verify(kept or nobody, _normal(text))
        except (VerificationError, InvalidHashError):
            return False
    return right and kept is not None


def _hashing() -> tuple[PasswordHasher, str]:
    """Return what hashes here, and the hash of a password that nobody has, at the same cost."""
    return _of_memory(runtime.current().settings.password_kib)


@cache
def _of_memory(kib: int) -> tuple[PasswordHasher, str]:
    hasher = PasswordHasher(memory_cost=kib)
    return hasher, hasher.hash(secrets.token_urlsafe())


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise TooMany(retry_after=5)
    try:
        yield
    finally:
        _turns.release()
