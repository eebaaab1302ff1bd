"""The floor of a transfer: bare pymongo at majority, a guarded debit, a credit and one insert, in threads.

No transaction holds the three together, so a kill between them would lose money: no safe transfer is cheaper. Accounts
and transfers have the fields and the indexes of the product's; one in ten pays into one hot fund.
"""

import json
import os
import random
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient

ACCOUNTS, TRANSFERS = "bench_accounts", "bench_transfers"
HOT_EVERY = 10


def prepare(database: Any, accounts: list[dict[str, Any]]) -> None:
    """Put accounts like the product's, and an empty collection with the indexes of the product's transfers."""
    for name, like in ((ACCOUNTS, "ledger_accounts"), (TRANSFERS, "transfers")):
        database.drop_collection(name)
        for index, told in database[like].index_information().items():
            options = {option: value for option, value in told.items() if option not in {"v", "key", "ns"}}
            database[name].create_index(told["key"], name=index, **options)
    database[ACCOUNTS].insert_many(accounts)


def transfer(database: Any, like: dict[str, Any], source: str, target: str) -> None:
    """Move one 分; the transfer is `like` a real one."""
    left = {"$gte": [{"$subtract": ["$balance_fen", "$held_fen"]}, 1]}
    guard = {"_id": source, "state": "open", "$expr": left}
    if not database[ACCOUNTS].update_one(guard, {"$inc": {"balance_fen": -1, "version": 1}}).matched_count:
        raise RuntimeError("nothing left")
    guard = {"_id": target, "state": {"$in": ["open", "frozen"]}}
    database[ACCOUNTS].update_one(guard, {"$inc": {"balance_fen": 1, "version": 1}})
    now = datetime.now(UTC)
    own = {"_id": f"pay:{os.urandom(32).hex()}", "source": source, "target": target, "accounts": [source, target]}
    times = {"at": now, "happened_at": now, "posted_at": now}
    database[TRANSFERS].insert_one({**like, **own, **times, "body": os.urandom(32)})


def main(uri: str, threads: int, seconds: float) -> None:
    """Transfer from many threads until the time is over, and print how many and how long each took."""
    database: Any = MongoClient(uri, w="majority", maxPoolSize=threads).get_default_database()
    like = database["transfers"].find_one({"what": "wallet_payment"}) or {}
    names = [one["_id"] for one in database[ACCOUNTS].find({}, {"_id": 1})]
    wallets = [one for one in names if one.startswith("wallet:")]
    shops = [one for one in names if one.startswith("merchant:")]
    hot = next(one for one in names if one.startswith("fund:"))
    took: list[float] = []
    end, spent = time.perf_counter() + seconds, time.process_time()

    def work() -> None:
        while (start := time.perf_counter()) < end:
            target = hot if random.randrange(HOT_EVERY) == 0 else random.choice(shops)
            transfer(database, like, random.choice(wallets), target)
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
