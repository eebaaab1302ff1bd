"""Offers from the published results: once for each result, its place counted in the same transaction.

The job walks through the results of a draw in batches. How far it came stands in the round and moves with the batch, so
that a kill between two batches loses nothing and two workers do none twice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.school import application as applications
from models.school import offer, placed, result, seat_plan, seats
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.offer import SchoolOffer
from models.school.round import SchoolRound

BATCH = 100
_WANTED = {"outbox": 0, "form": 0, "record": 0, "history": 0}


def make_offers(draw: ObjectId) -> None:
    """Make the offers of a published draw, batch by batch; of another draw none.

    Raises:
        outbox.Later: a batch is done and more may follow.
    """
    rows = result.after(draw, None, 1)
    if not rows:
        return
    found = rounds.read(rows[0]["round"])
    if placed.published(found) != draw or _progress(found, draw).get("done"):
        return
    if _batch(found, draw):
        raise outbox.Later(0)


def _progress(found: Mapping[str, Any], draw: ObjectId) -> dict[str, Any]:
    told: dict[str, Any] = found.get("offers") or {}
    return told if told.get("draw") == draw else {}


def made(found_round: Mapping[str, Any]) -> bool:
    """Tell whether every offer of the published draw was made: before that a free place is not free yet."""
    return bool(found_round.get("draw") and _progress(found_round, found_round["draw"]).get("done"))


def _batch(found: Mapping[str, Any], draw: ObjectId) -> bool:
    """Do the next results, and tell whether there were any; without any the round notes that all were made."""
    after = _progress(found, draw).get("after")
    rows = result.after(draw, after, BATCH)
    told: dict[str, Any] = {"draw": draw, "after": rows[-1]["_id"]} if rows else {"draw": draw, "done": True}
    guard: dict[str, Any] = {"_id": found["_id"], "draw": draw, "offers.done": {"$ne": True}}
    guard |= {"offers.after": after} if after else {"offers.after": {"$exists": False}}
    follow = (
        [] if rows else [seats.refill_entry(found["_id"], one["school"]) for one in seat_plan.of_round(found["_id"])]
    )
    fresh = _records(found, rows)

    def change(session: ClientSession) -> None:
        update = {"$set": {"offers": told}, "$push": {"outbox": {"$each": follow}}}
        if SchoolRound._get_collection().update_one(guard, update, session=session).matched_count:
            _insert(found["_id"], fresh, session)

    transactions.run(change)
    outbox.wake("affairs")
    return bool(rows)


def _records(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    wanted = {one["application"]: one for one in rows if one.get("school")}
    query = {"_id": {"$in": sorted(wanted)}, "state": "qualified"}
    now = clock.now()
    return [
        _record(found, one, wanted[one["_id"]], now) for one in SchoolApplication._get_collection().find(query, _WANTED)
    ]


def _record(
    found: Mapping[str, Any], application: Mapping[str, Any], row: Mapping[str, Any], now: Any
) -> dict[str, Any]:
    kind = "coordinated" if row["kind"] == "coordinated" else "drawn"
    known = {"priority": row["priority"]} if row.get("priority") is not None else {}
    source = f"{row['draw']}:{row['application']}"
    return offer.record(found, application, row["school"], kind, now=now, source=source, live=True, **known)


def _insert(round_code: str, fresh: Sequence[Mapping[str, Any]], session: ClientSession) -> None:
    """Store those offers that are not there yet and count their places."""
    sources = [one["source"] for one in fresh]
    known = {one["source"] for one in SchoolOffer._get_collection().find({"source": {"$in": sources}}, session=session)}
    left = [dict(one) for one in fresh if one["source"] not in known]
    for school, count in sorted(Counter(one["school"] for one in left).items()):
        seats.take(round_code, school, session, count)
    if left:
        SchoolOffer._get_collection().insert_many(left, session=session)


def ensure(application_id: ObjectId) -> dict[str, Any] | None:
    """Return the offer of an application's published result, made here if the job has not come to it.

    None where nothing is published, or the result is no place.

    Raises:
        NotFound: no such application.
    """
    application = applications.read(application_id)
    found = rounds.read(application["round"])
    draw = placed.published(found)
    row = placed.one(draw, application_id) if draw else None
    if not row or not row.get("school") or application["state"] != "qualified":
        return None
    made_here = _record(found, application, row, clock.now())
    transactions.run(lambda session: _insert(found["_id"], [made_here], session))
    outbox.wake("affairs")
    return SchoolOffer._get_collection().find_one({"source": made_here["source"]}, {"outbox": 0})
