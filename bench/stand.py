"""A whole deployment for a benchmark, fresh in a folder of its own, and the bench process composed beside it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import wsgi  # noqa: F401 - registers every document
from backend import runtime, settings
from backend.embedded.process import hold
from deploy.stack import Stack

FOLDER = Path(os.environ.get("VAR", "var")) / "bench"
_REAL_SERVERS = ("MONGODB_URI", "REDIS_URL", "BROKER_URL", "CLOCK_SHIFT_FILE")


@contextmanager
def stand() -> Iterator[Stack]:
    """Start the processes of `make run` on free ports, stop them and remove their data at the end."""
    for name in _REAL_SERVERS:
        os.environ.pop(name, None)
    with hold(FOLDER.with_name("bench-lock")):
        shutil.rmtree(FOLDER, ignore_errors=True)
        stack = Stack(FOLDER)
        try:
            stack.start()
            runtime.compose(settings.load(stack.env))
            yield stack
        finally:
            stack.stop()
            shutil.rmtree(FOLDER, ignore_errors=True)
