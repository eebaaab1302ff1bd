"""Reading once what a whole batch of work asks for again and again: a round, its schools, the rules in force.

    @read_once.within_span          on a function that reads what offices set, and that takes plain values
    with read_once.span(): …        a batch: for the same arguments such a function reads once

Outside of a span nothing is kept. What guards a write is read by that write itself, in its transaction, and is never
kept: a call with a session always reads. What is returned is shared: nobody changes it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pymongo.client_session import ClientSession

P = ParamSpec("P")
T = TypeVar("T")
_kept: ContextVar[dict[Any, Any] | None] = ContextVar("read_once", default=None)


@contextmanager
def span() -> Iterator[None]:
    """Keep what is read until the end; a span within another one is part of it."""
    if _kept.get() is not None:
        yield
        return
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def within_span(read: Callable[P, T]) -> Callable[P, T]:
    """Let a function read once for the same arguments within a span."""

    @wraps(read)
    def reading(*args: P.args, **named: P.kwargs) -> T:
        kept = _kept.get()
        if kept is None or any(isinstance(one, ClientSession) for one in (*args, *named.values())):
            return read(*args, **named)
        key = (read, args, tuple(sorted(named.items())))
        if key not in kept:
            kept[key] = read(*args, **named)
        return kept[key]

    return reading
