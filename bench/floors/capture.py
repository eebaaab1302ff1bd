"""The floor of a capture: bare pymongo, one `insert_many` at majority of the documents that the product stores.

The collection has the indexes of the product's; each batch has ids of its own.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import bson
from pymongo import MongoClient

EVENTS = "bench_epcis_events"


def prepare(database: Any) -> None:
    """Put an empty collection with the indexes of the product's."""
    database.drop_collection(EVENTS)
    for index, told in database["epcis_events"].index_information().items():
        options = {option: value for option, value in told.items() if option not in {"v", "key", "ns"}}
        database[EVENTS].create_index(told["key"], name=index, **options)


def main(uri: str, documents: str, threads: int, seconds: float) -> None:
    """Insert from many threads until the time is over, and print how many batches and how long each took."""
    collection: Any = MongoClient(uri, w="majority", maxPoolSize=threads).get_default_database()[EVENTS]
    like = bson.decode(Path(documents).read_bytes())["documents"]
    took: list[float] = []
    end, spent = time.perf_counter() + seconds, time.process_time()

    def work() -> None:
        while (start := time.perf_counter()) < end:
            batch = os.urandom(12).hex()
            collection.insert_many([{**one, "_id": f"urn:uuid:{batch}-{place}"} for place, one in enumerate(like)])
            took.append(time.perf_counter() - start)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    p99_ms = sorted(took)[int(len(took) * 0.99)] * 1000
    print(json.dumps({"done": len(took), "p99_ms": p99_ms, "cpu_seconds": time.process_time() - spent}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
