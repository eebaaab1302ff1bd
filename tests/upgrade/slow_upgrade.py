"""An upgrade in a process of its own, for a test to kill: its second migration stands still until it is let go."""

import sys

from backend.store import connection, migrations
from backend.store.migrations import Migration

STEPS, HOLDS_AT = 100, 40


def noted(db, name: str) -> None:
    db.things.update_one({"_id": name}, {"$inc": {"runs": 1}}, upsert=True)


def first(db, _step):
    noted(db, "first")


def second(db, step):
    noted(db, "second")
    for number in range(STEPS):
        db.things.update_one({"_id": number}, {"$set": {"wide": number}}, upsert=True)
        step(number, STEPS)
        while number == HOLDS_AT and db.things.find_one({"_id": "hold"}):
            step(number, STEPS)


MIGRATIONS = (Migration(1, "first", first), Migration(2, "second", second))

if __name__ == "__main__":
    connection.connect(sys.argv[1])
    migrations.upgrade(MIGRATIONS)
