"""What is shown of waiting entries: to their account with the position, to staff how many wait. Plain dicts."""

from typing import Any

from bson import ObjectId

from backend import clock
from backend.store import paging
from models.booking import offer_rule, slot, waiting
from models.booking.waiting import WaitingEntry

LONGEST = 2_000
"""Bound of the slots of one answer: 62 days of 31 slots."""


def of_account(account: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return an account's entries, newest first."""
    found, following = paging.page(
        WaitingEntry._get_collection(),
        {"account": account},
        sort=("_id", -1),
        cursor=cursor,
        limit=limit,
        projection={"order": 0, "claims": 0},
    )
    return [shown(one) for one in found], following


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as its account sees it."""
    day = clock.date_of(found["day"])
    told = {
        "id": str(found["_id"]),
        "place_id": found["place"],
        "place_name": found["place_zh"],
        "slot_id": found["slot"],
        "day": found["day"],
        "start": clock.civil(clock.at(day, found["start"])).isoformat(),
        "end": clock.civil(clock.at(day, found["end"])).isoformat(),
        "places": found["size"],
        "total_fen": found["total_fen"],
        "state": found["state"],
        "state_zh": waiting.STATE_ZH[found["state"]],
        "joined_at": _at(found["joined_at"]),
    }
    return told | _of_state(found)


def _of_state(found: dict[str, Any]) -> dict[str, Any]:
    if found["state"] == "waiting":
        return {"position": position(found), "rule_zh": offer_rule.in_words(offer_rule.today())}
    told = {"reason_zh": waiting.REASON_ZH[found["reason"]]} if found.get("reason") else {}
    if found["state"] in {"offered", "taken"}:
        told |= {"order_id": str(found["_id"])}
    return told | ({"offered_until": _at(found["until"])} if found["state"] == "offered" else {})


def position(found: dict[str, Any]) -> int:
    """Return the place in the line of the entry's slot, 1 being the first."""
    before = {"counters": found["slot"], "state": "waiting", "seq": {"$lt": found["seq"]}}
    return WaitingEntry._get_collection().count_documents(before, limit=waiting.MOST_IN_LINE) + 1


def _at(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")


def lengths(place: str, first: str, last: str) -> list[dict[str, Any]]:
    """Return how many parties wait for each slot of a place between two days (inclusive), resources too."""
    query = {"place": place, "day": {"$gte": first, "$lte": last}, "waiting": {"$gt": 0}, "kind": {"$ne": "day"}}
    fields = dict.fromkeys(("day", "start", "end", "resource", "quota", "left", "kept", "waiting", "state"), 1)
    found = slot.Slot._get_collection().find(query, fields).sort([("day", 1), ("start", 1)]).limit(LONGEST)
    return [_length(one) for one in found]


def _length(found: dict[str, Any]) -> dict[str, Any]:
    told = {name: found[name] for name in ("day", "quota", "left", "waiting", "state")}
    hours = {name: f"{found[name] // 60:02d}:{found[name] % 60:02d}" for name in ("start", "end")}
    own = {"resource": found["resource"]} if found.get("resource") else {}
    return {"slot_id": found["_id"], **told, **hours, **own, "kept": found.get("kept", 0)}
