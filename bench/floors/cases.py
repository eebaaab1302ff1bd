"""The floor of a case step: bare pymongo at majority, one guarded update of the case and one audit entry, in threads.

The update and the entry are those that the product made of a like case; the collections have the product's indexes.
"""

import json
import sys
import threading
import time
from typing import Any

import bson
from bson import ObjectId
from pymongo import MongoClient

CASES, ENTRIES, LIKE = "bench_cases", "bench_entries", "bench_like"


def prepare(database: Any, cases: list[dict[str, Any]], like: dict[str, Any]) -> None:
    """Put the cases, the product's indexes, and what a step of them writes."""
    for name, source in ((CASES, "cases"), (ENTRIES, "audit_entries")):
        database.drop_collection(name)
        for index, told in database[source].index_information().items():
            options = {option: value for option, value in told.items() if option not in {"v", "key", "ns"}}
            database[name].create_index(told["key"], name=index, **options)
    database[CASES].insert_many(cases, ordered=False)
    database[LIKE].replace_one({"_id": 1}, {"_id": 1, **like}, upsert=True)


def main(uri: str, threads: int, seconds: float, share: int, of: int) -> None:
    """Step through a share of the cases from many threads, and print how many and how long each took."""
    database = MongoClient(uri, w="majority", maxPoolSize=threads).get_default_database()
    like = database[LIKE].find_one({"_id": 1})
    update = bson.decode(like["update"])
    left = [one["_id"] for one in database[CASES].find({}, {"_id": 1})][share::of]
    took: list[float] = []
    end, spent = time.perf_counter() + seconds, time.process_time()

    def work() -> None:
        while (start := time.perf_counter()) < end:
            guard = {"_id": left.pop(), "seq": 1, "state": "open"}
            if not database[CASES].update_one(guard, update).matched_count:
                raise RuntimeError("moved")
            database[ENTRIES].insert_one({**like["entry"], "_id": ObjectId()})
            took.append(time.perf_counter() - start)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    p99_ms = sorted(took)[int(len(took) * 0.99)] * 1000
    print(json.dumps({"done": len(took), "p99_ms": p99_ms, "cpu_seconds": time.process_time() - spent}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
