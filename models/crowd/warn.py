"""Telling those who hold a ticket of today and have not come yet that a place fills up: once a change for the worse.

A long job walks the tickets of the day in batches. Each order's owner is told once, however many tickets it has and
however often a step runs; the notice is about the order, so that the office finds it there.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox
from backend.store import transactions
from models.booking.order import Order
from models.booking.ticket import Ticket
from models.crowd.level import LEVELS
from models.crowd.record import CrowdRecord
from models.messaging import notice
from models.places import place

KIND = "crowd_warning"
BATCH = 100
WORDS = {"amber": "游客较多", "red": "已达最大承载量"}


def worse(told: dict[str, Any]) -> bool:
    """Tell whether a record tells of a change for the worse."""
    if told["what"] != "level":
        return False
    return LEVELS.index(told["details"]["to"]) > LEVELS.index(told["details"]["from"])


def begin(told: dict[str, Any]) -> ObjectId | None:
    """Start the job of a record; return it, None when it was started before."""
    of_day = {"place": told["place"], "day": told["day"]}
    total = Ticket._get_collection().count_documents(of_day)
    about = {"record": told["_id"], "place": told["place"], "day": told["day"]}
    args = {**about, "time": f"{clock.civil(told['at']):%H:%M}", "level": told["details"]["to"]}

    def change(session: ClientSession) -> ObjectId | None:
        records = CrowdRecord._get_collection()
        guard = {"_id": told["_id"], "done.warning": {"$exists": False}}
        if not records.update_one(guard, {"$set": {"done.warning": "begun"}}, session=session).matched_count:
            return None
        made = jobs.start("crowd.warn_holders", args=args, total=total, started_by="system:crowd", session=session)
        noted = {"$set": {"done.warning": str(made["_id"])}}
        records.update_one({"_id": told["_id"]}, noted, session=session)
        return ObjectId(made["_id"])

    started = transactions.run(change)
    outbox.wake("reports")
    return started


def work(job_id: ObjectId) -> None:
    """Work on a job: tell the holders of the next tickets."""
    args = jobs.read(job_id)["args"]
    told = {"place": place.read(args["place"])["name"], "reason": WORDS[args["level"]]}
    values = {**told, "day": args["day"], "time": args["time"]}

    def batch(position: str | None) -> list[str]:
        query: dict[str, Any] = {"place": args["place"], "day": args["day"]}
        if position:
            query["_id"] = {"$gt": position}
        found = Ticket._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(BATCH)
        return [one["_id"] for one in found]

    def step(ticket_id: str) -> None:
        usable = {"_id": ticket_id, "state": "valid", "enter_until": {"$gt": clock.now()}}
        found = Ticket._get_collection().find_one(usable, {"order": 1})
        order = found and Order._get_collection().find_one({"_id": found["order"]}, {"account": 1})
        if order and order.get("account"):
            notice.tell(order["account"], KIND, key=f"{order['_id']}:{args['record']}", values=values)

    jobs.work(job_id, batch, step)
