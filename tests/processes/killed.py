"""A whole service for tests that kill its parts, and how a part is killed."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

import wsgi  # noqa: F401 - registers every document
from backend import celery_client, outbox, runtime, settings
from backend.store import connection
from deploy.stack import Stack
from tests.support.patience import until

PLAIN = {"LIMIT_FACTOR": "100000", "ENVIRONMENT": "development"}


@contextmanager
def service(folder: Path, *, api_workers: int = 2, worker_processes: int = 1) -> Iterator[Stack]:
    """Start a service of its own without limits, and let this process read its store."""
    stack = Stack(folder, env=PLAIN, worker_processes=worker_processes, api_workers=api_workers)
    try:
        stack.start()
        runtime.compose(settings.load(stack.env))
        yield stack
    finally:
        stack.stop()


@contextmanager
def waking_service(folder: Path, *, api_workers: int = 2, worker_processes: int = 1) -> Iterator[Stack]:
    """Start a service as `service` does, and let this process write to its store and wake its workers."""
    with service(folder, api_workers=api_workers, worker_processes=worker_processes) as stack:
        told = settings.load(stack.env)
        connection.connect(told.mongodb_uri)
        outbox.set_waker(celery_client.waker(celery_client.make(told.broker_url)))
        try:
            yield stack
        finally:
            outbox.set_waker(lambda _queue: None)


def kill(stack: Stack, what: str, dice: random.Random, *, worker: str = "worker-fast") -> None:
    """Kill one of the API's workers, the API or a worker by its id; what nobody puts back is started again.

    With a worker go the children that do its work, so that none outlives it.
    """
    if what == "api worker":
        api = psutil.Process(stack.children["api"].popen.pid)
        # Those that were just killed may not have come back yet.
        alive = until(api.children, seconds=30, what="a worker of the API")
        os.kill(dice.choice(alive).pid, signal.SIGKILL)
        return
    _end(stack, worker if what == "worker" else what, with_children=what == "worker")


def kill_workers(stack: Stack) -> None:
    """Kill every worker as `kill` does."""
    for name in [one for one in stack.children if one.startswith("worker")]:
        _end(stack, name, with_children=True)


def _end(stack: Stack, name: str, *, with_children: bool) -> None:
    main = psutil.Process(stack.children[name].popen.pid)
    for one in [*main.children(recursive=True), main] if with_children else [main]:
        one.kill()
    stack.children[name].popen.wait(10)
    stack.restart(name)
