"""The floor of dense samples: bare pymongo, `insert_many` at majority, a document a sample, indexed as it is read."""

import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

SAMPLES = "bench_samples"
START = datetime(2026, 11, 20, tzinfo=UTC)


def prepare(database: Any) -> None:
    """Put an empty collection with the index by which samples are read."""
    database.drop_collection(SAMPLES)
    database[SAMPLES].create_index([("subject", 1), ("quantity", 1), ("at", 1)])


def main(uri: str, threads: int, size: int, seconds: int) -> None:
    """Insert from many threads until the time is over, and print how many batches and how long each took."""
    collection: Any = MongoClient(uri, w="majority", maxPoolSize=threads).get_default_database()[SAMPLES]
    took: list[float] = []
    end, spent = time.perf_counter() + seconds, time.process_time()

    def work() -> None:
        whose, first = ObjectId(), START
        while (start := time.perf_counter()) < end:
            first += timedelta(hours=1)
            collection.insert_many([sample(whose, first, number) for number in range(size)])
            took.append(time.perf_counter() - start)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    p99_ms = sorted(took)[int(len(took) * 0.99)] * 1000
    print(json.dumps({"done": len(took), "p99_ms": p99_ms, "cpu_seconds": time.process_time() - spent}))


def sample(whose: ObjectId, first: datetime, number: int) -> dict[str, Any]:
    """Return one sample as a document."""
    at = first + timedelta(seconds=5 * number)
    return {"subject": whose, "quantity": "heart_rate", "at": at, "value": 60.0 + number % 40, "device": "band"}


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
