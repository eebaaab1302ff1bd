"""The floor of a booking: bare pymongo at majority, one guarded decrement and one insert, in threads.

The order has the fields of a real one, its unique key and claim among them, and its collection has the same indexes.
"""

import json
import os
import sys
import threading
import time
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

SLOTS, ORDERS = "bench_slots", "bench_orders"


def prepare(database: Any, slot: dict[str, Any]) -> None:
    """Put a slot like the product's, and an empty collection with the indexes of the product's orders."""
    database.drop_collection(ORDERS)
    database[SLOTS].replace_one({"_id": slot["_id"]}, slot, upsert=True)
    for name, told in database["orders"].index_information().items():
        options = {option: value for option, value in told.items() if option not in {"v", "key", "ns"}}
        database[ORDERS].create_index(told["key"], name=name, **options)


def book(database: Any, like: dict[str, Any]) -> None:
    """Book one place; the order is `like` a real one."""
    guard = {"_id": like["slot"], "state": "open", "left": {"$gte": 1}}
    if not database[SLOTS].update_one(guard, {"$inc": {"left": -1}}).matched_count:
        raise RuntimeError("sold out")
    own = {"_id": ObjectId(), "claims": [os.urandom(16)], "idempotency": {**like["idempotency"], "key": os.urandom(32)}}
    database[ORDERS].insert_one({**like, **own})


def main(uri: str, threads: int, seconds: float) -> None:
    """Book from many threads until the time is over, and print how many and how long each took."""
    database = MongoClient(uri, w="majority", maxPoolSize=threads).get_default_database()
    like = database["orders"].find_one({"state": "held"})
    took: list[float] = []
    end, spent = time.perf_counter() + seconds, time.process_time()

    def work() -> None:
        while (start := time.perf_counter()) < end:
            book(database, like)
            took.append(time.perf_counter() - start)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    p99_ms = sorted(took)[int(len(took) * 0.99)] * 1000
    print(json.dumps({"done": len(took), "p99_ms": p99_ms, "cpu_seconds": time.process_time() - spent}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
