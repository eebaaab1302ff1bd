"""Things to do later: one thread that waits, a few that work."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

WORKERS = 8


class Later:
    """Runs calls after a delay. It goes by the machine's steady clock, so that a shifted calendar stalls nothing."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="later")
        threading.Thread(target=self._run, name="later", daemon=True).start()

    def call(self, seconds: float, action: Callable[[], object]) -> None:
        """Run the action after so many seconds."""
        with self._changed:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._order), action))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            self._pool.submit(self._next())

    def _next(self) -> Callable[[], object]:
        with self._changed:
            while True:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(wait)
