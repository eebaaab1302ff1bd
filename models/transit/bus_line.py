"""A bus line: who runs it, what a ride costs since when, which concessions ride free. Fares are dated, in 分."""

from datetime import date
from typing import Any

from mongoengine import BooleanField, Document, ListField, StringField
from mongoengine.fields import DictField
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import BadInput, NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff

COLLECTION = "bus_lines"
MOST = 200


class BusLine(Document):
    """The id is the code that validators are registered at. `operator` is the merchant who is paid.

    `fares` are `{valid_from, fen, source}`; `concessions` are codes of `onecard.concession`, each of which rides free.
    """

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": [{"fields": ["operator", "_id"]}]}
    id = StringField(primary_key=True)
    name = StringField(required=True)
    operator = StringField(required=True)
    unit = StringField(required=True)
    fares = ListField(DictField(), required=True)
    concessions = ListField(StringField())
    demo = BooleanField()


class LineUnknown(NotFound):
    """404: no bus line is known by this code."""

    code = "bus_line_unknown"
    zh = "没有这条公交线路,请核对终端登记的线路编号。"
    en = "There is no such bus line. Check at which line the validator is registered."


class NoFare(Unprocessable):
    """422: the line has no fare for this day."""

    code = "bus_fare_missing"
    zh = "这条线路在该日没有票价,请先登记票价。"
    en = "The line has no fare for this day. Enter one first."


class FareBegun(BadInput):
    """400: a fare cannot begin in the past, where rides were paid by another one."""

    code = "bus_fare_begun"
    zh = "票价不能从过去的日期开始,请填写今天或以后的日期。"
    en = "A fare begins today or later: rides of the past were paid already."

    def __init__(self) -> None:
        super().__init__(fields={"valid_from": [self.zh]})


def seed(told: dict[str, Any]) -> None:
    """Put a line of the county's data unless it is there: fares belong to the staff."""
    record = {name: value for name, value in told.items() if name != "id"}
    BusLine._get_collection().update_one({"_id": told["id"]}, {"$setOnInsert": record}, upsert=True)


def read(code: str) -> dict[str, Any]:
    """Return a line.

    Raises:
        LineUnknown: there is none.
    """
    found = BusLine._get_collection().find_one({"_id": code})
    if found is None:
        raise LineUnknown
    return found


def listed() -> list[dict[str, Any]]:
    """Return all lines, by operator."""
    return list(
        BusLine._get_collection().find({"operator": {"$gt": ""}}).sort([("operator", 1), ("_id", 1)]).limit(MOST)
    )


def fare_on(line: dict[str, Any], day: date) -> int:
    """Return the whole fare on a day.

    Raises:
        NoFare: none is in force.
    """
    begun = [one for one in line["fares"] if one["valid_from"] <= day.isoformat()]
    if not begun:
        raise NoFare
    return int(max(begun, key=lambda one: one["valid_from"])["fen"])


def set_fare(actor: Staff, code: str, *, fen: int, valid_from: date, source: str) -> dict[str, Any]:
    """Let a fare begin on a day; the same day again replaces what was to begin then. Return the line.

    Raises:
        LineUnknown: there is no such line in the actor's scope.
        FareBegun: the day is over.
    """
    actor.require("transit.fare")
    if valid_from < clock.today():
        raise FareBegun
    line = read(code)
    if not actor.covers("transit.fare", unit=line["unit"], area=""):
        raise LineUnknown
    day = valid_from.isoformat()
    fares = [one for one in line["fares"] if one["valid_from"] != day]
    fares = sorted([*fares, {"valid_from": day, "fen": fen, "source": source}], key=lambda one: one["valid_from"])
    told = entry.line(actor.key, "transit.fare", f"bus_line:{code}", unit=actor.unit, fen=fen, valid_from=day)
    guard = {"_id": code, "fares": line["fares"]}

    def change(session: ClientSession) -> bool:
        staff.require_acting(actor, told, session)
        done = BusLine._get_collection().update_one(guard, {"$set": {"fares": fares}}, session=session).matched_count
        if done:
            entry.write(told, session)
        return bool(done)

    if not transactions.run(change):
        return set_fare(actor, code, fen=fen, valid_from=valid_from, source=source)
    return line | {"fares": fares}
