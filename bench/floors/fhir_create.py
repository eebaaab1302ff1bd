"""The floor of creating an observation: bare pymongo at majority, from threads: two inserts and one update."""

import json
import os
import sys
import threading
import time
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

OBSERVATIONS = "bench_health_observations"


def prepare(database: Any) -> None:
    """Put an empty collection with the indexes of the product's."""
    database.drop_collection(OBSERVATIONS)
    for index, told in database["health_observations"].index_information().items():
        options = {option: value for option, value in told.items() if option not in {"v", "key", "ns"}}
        database[OBSERVATIONS].create_index(told["key"], name=index, **options)


def main(uri: str, threads: int, seconds: float) -> None:
    """Create from many threads until the time is over, and print how many and how long each took."""
    database: Any = MongoClient(uri, w="majority", maxPoolSize=threads).get_default_database()
    like = database["health_observations"].find_one({"state": "final"})
    entry = database["audit_entries"].find_one({"action": "fhir.create"})
    subjects = [one["_id"] for one in database["health_subjects"].find({}, {"_id": 1}).limit(200)]
    took: list[float] = []
    end, spent = time.perf_counter() + seconds, time.process_time()

    def work(number: int) -> None:
        while (start := time.perf_counter()) < end:
            number, made = number + 1, ObjectId()
            subject = subjects[number % len(subjects)]
            database[OBSERVATIONS].insert_one({**like, "_id": made, "subject": subject})
            own = {"_id": ObjectId(), "object": f"health_observations:{made}", "salt": os.urandom(16)}
            database["audit_entries"].insert_one({**entry, **own})
            database["health_subjects"].update_one({"_id": subject}, {"$max": {"latest": like["recorded_at"]}})
            took.append(time.perf_counter() - start)

    workers = [threading.Thread(target=work, args=(number * 7,)) for number in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    p99_ms = sorted(took)[int(len(took) * 0.99)] * 1000
    print(json.dumps({"done": len(took), "p99_ms": p99_ms, "cpu_seconds": time.process_time() - spent}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
