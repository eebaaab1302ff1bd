"""What tourism and sport need of the records of before: counters that orders name one by one, slots of resources."""

from typing import Any

from pymongo.database import Database

from backend.store.migrations import Step
from models.tourism import search_index

NUMBER, NAME = 5, "tourism"
RENAMED = "tourism.open_slots"


def run(db: Database[dict[str, Any]], step: Step) -> None:
    """Bring slots, orders and the schedule to the shape of this release; repeating is safe."""
    parts = (_schedule, _slots, _orders, _search)
    for number, part in enumerate(parts, start=1):
        part(db)
        step(number, len(parts))


def _schedule(db: Database[dict[str, Any]]) -> None:
    """Take a line of the schedule away whose function has another name."""
    db.periodic_work.delete_one({"_id": RENAMED})


def _slots(db: Database[dict[str, Any]]) -> None:
    """Read every slot of before as one of its place as a whole; their uniqueness knew no resources."""
    db.slots.update_many({"resource": {"$exists": False}}, {"$set": {"resource": ""}}, hint="_id_")
    if "place_1_day_1_start_1" in db.slots.index_information():
        db.slots.drop_index("place_1_day_1_start_1")


def _orders(db: Database[dict[str, Any]]) -> None:
    """Name the one counter that every order of before took from; tombstones of holds take from none."""
    taken = [{"slot": "$slot", "places": "$places"}]
    db.orders.update_many({"takes": {"$exists": False}}, [{"$set": {"takes": taken}}], hint="_id_")


def _search(_db: Database[dict[str, Any]]) -> None:
    """Let every place of before be found by searching."""
    search_index.rebuild()
