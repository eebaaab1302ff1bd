"""Many at once: threads that start together, and what each of them got."""

import threading
from collections.abc import Callable, Sequence
from typing import Any


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start one thread a call, release them together, and return their results in order; an error is raised here."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        barrier.wait(20)
        try:
            results[number] = calls[number]()
        except Exception as error:  # noqa: BLE001 - handed to the test's thread
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results
