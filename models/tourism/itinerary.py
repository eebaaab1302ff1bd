"""Saved itineraries: a resident's own days and stops, and a code by which others see the stops and nothing else.

    saved ──share──▶ shared under a random code ──unshare──▶ saved
      └── removed

Who has the code sees places and hours of the day, no dates, no party, and nothing of the account.
Each lies in one of the numbered shelves of its account, so that requests at once never keep more than there are.
"""

import secrets
from contextlib import suppress
from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import Conflict, NotFound, Unprocessable
from backend.store import documents, paging
from models.identity.actors import Resident
from models.tourism import itinerary_views

MOST_KEPT = 50
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_CODE_LETTERS = 14
Found = dict[str, Any]


class Itinerary(Document):
    """`stops` are `{number, place, arrive, leave}`, `number` counts days from `first_day`.

    `request` is the key of the request that kept it.
    """

    meta = {
        "collection": "itineraries",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["account", "-_id"]},
            {"fields": ["account", "shelf"], "unique": True},
            {"fields": ["account", "request"], "unique": True},
            {"fields": ["share"], "unique": True, "sparse": True},
        ],
    }
    account = ObjectIdField(required=True)
    shelf = IntField(required=True)
    request = StringField(required=True)
    made_at = DateTimeField(required=True)
    first_day = StringField(required=True)
    days = IntField(required=True)
    stops = ListField(DictField())
    share = StringField()


personal_data.declare(
    personal_data.Holding("itineraries", zh="保存的行程", accounts=("account",), traces=("first_day", "stops.place"))
)


class TooManyItineraries(Conflict):
    """409: the account keeps as many as it may."""

    code = "itinerary_too_many"
    zh = "最多保存 {most} 个行程,请先删除不用的。"
    en = "You may keep {most} itineraries. Remove one first."


class StopUnknown(Unprocessable):
    """422: a stop names no place."""

    code = "itinerary_stop_unknown"
    zh = "行程中有不存在的地点,请刷新后重新选择。"
    en = "A stop names a place that does not exist."


def save(resident: Resident, first_day: date, stops: list[Found], *, request: str) -> Found:
    """Keep an itinerary and return it; the same `request` again returns the same.

    Raises:
        StopUnknown: a stop names no place.
        TooManyItineraries: the account keeps as many as it may.
    """
    own = {"account": resident.account_id, "request": request}
    if before := Itinerary._get_collection().find_one(own):
        return before
    places = itinerary_views.known(stops)
    if not stops or any(one["place"] not in places for one in stops):
        raise StopUnknown
    kept = sorted(stops, key=lambda one: (one["number"], one["arrive"]))
    record = {**own, "made_at": clock.now(), "first_day": first_day.isoformat()}
    record |= {"days": max(one["number"] for one in stops), "stops": kept}
    for shelf in _free_shelves(resident.account_id):
        with suppress(DuplicateKeyError):  # the shelf was taken meanwhile, or this request has kept it before
            Itinerary._get_collection().insert_one({**record, "_id": ObjectId(), "shelf": shelf})
        if found := Itinerary._get_collection().find_one(own):
            return found
    raise TooManyItineraries(most=MOST_KEPT)


def _free_shelves(account: ObjectId) -> list[int]:
    found = Itinerary._get_collection().find({"account": account}, {"shelf": 1}).limit(MOST_KEPT)
    taken = {one["shelf"] for one in found}
    return [number for number in range(MOST_KEPT) if number not in taken]


def read(resident: Resident, itinerary_id: ObjectId) -> Found:
    """Return one's own itinerary.

    Raises:
        NotFound: no such itinerary of one's own.
    """
    return documents.one(Itinerary, {"_id": itinerary_id, "account": resident.account_id})


def listed(resident: Resident, *, cursor: str | None, limit: int) -> tuple[list[Found], str | None]:
    """Return a page of one's own itineraries, newest first."""
    own = {"account": resident.account_id}
    return paging.page(Itinerary._get_collection(), own, sort=("_id", -1), cursor=cursor, limit=limit)


def remove(resident: Resident, itinerary_id: ObjectId) -> None:
    """Remove one's own itinerary, and with it its code.

    Raises:
        NotFound: no such itinerary of one's own.
    """
    own = {"_id": itinerary_id, "account": resident.account_id}
    if not Itinerary._get_collection().delete_one(own).deleted_count:
        raise NotFound


def share(resident: Resident, itinerary_id: ObjectId) -> str:
    """Return the code of one's own itinerary, a random one where it has none yet.

    Raises:
        NotFound: no such itinerary of one's own.
    """
    own = {"_id": itinerary_id, "account": resident.account_id}
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS))
    first = [{"$set": {"share": {"$ifNull": ["$share", code]}}}]
    found = Itinerary._get_collection().find_one_and_update(own, first, return_document=ReturnDocument.AFTER)
    if found is None:
        raise NotFound
    return str(found["share"])


def unshare(resident: Resident, itinerary_id: ObjectId) -> None:
    """Let the code of one's own itinerary open nothing any more; repeating it changes nothing.

    Raises:
        NotFound: no such itinerary of one's own.
    """
    own = {"_id": itinerary_id, "account": resident.account_id}
    if not Itinerary._get_collection().update_one(own, {"$unset": {"share": ""}}).matched_count:
        raise NotFound


def shared(code: str) -> list[Found]:
    """Return the stops behind a code.

    Raises:
        NotFound: it opens nothing.
    """
    found = documents.one(Itinerary, {"share": code}, {"_id": 0, "stops": 1})
    return list(found["stops"])


def shown(found: Found) -> dict[str, Any]:
    """Return an itinerary as its owner sees it, with what stands against each stop on its day."""
    told = {"id": str(found["_id"]), "first_day": found["first_day"], "days": found["days"]}
    told["made_at"] = clock.civil(found["made_at"]).isoformat(timespec="seconds")
    if "share" in found:
        told["share_code"] = found["share"]
    days = itinerary_views.days(found["stops"], found["first_day"])
    closed = [stop["name"] for day in days for stop in day["stops"] if stop.get("open") is False]
    return {**told, "closed": closed, "itinerary": days}


def brief(found: Found) -> dict[str, Any]:
    """Return an itinerary as a line of a list."""
    told = {"id": str(found["_id"]), "first_day": found["first_day"], "days": found["days"]}
    return {**told, "stops": len(found["stops"]), "shared": "share" in found}
