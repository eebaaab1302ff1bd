"""A whole deployment for a benchmark, fresh in a folder of its own, and the bench process composed beside it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import wsgi  # noqa: F401 - registers every document
from backend import runtime, settings
from backend.embedded.process import end_leftovers, hold
from deploy.stack import Stack

FOLDER = Path(os.environ.get("VAR", "var")) / "bench"
_REAL_SERVERS = ("MONGODB_URI", "REDIS_URL", "BROKER_URL", "CLOCK_SHIFT_FILE")


@contextmanager
def stand(given: dict[str, str] | None = None) -> Iterator[Stack]:
    """Start the processes of `make run` on free ports, stop them and remove their data at the end.

    `given` are further settings of theirs.
    """
    for name in _REAL_SERVERS:
        os.environ.pop(name, None)
    with hold(FOLDER.with_name("bench-lock")):
        clear(FOLDER)
        stack = Stack(FOLDER, env=given)
        try:
            stack.start()
            runtime.compose(settings.load(stack.env))
            yield stack
        finally:
            stack.stop()
            clear(FOLDER)


def clear(folder: Path) -> None:
    """Remove a folder of data, and first end what a killed run left in it."""
    end_leftovers(folder)
    shutil.rmtree(folder, ignore_errors=True)
