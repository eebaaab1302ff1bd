"""What the tests of places in the office share: Pingshan, its slots of a day, and what its manager sets."""

from datetime import timedelta

from backend import clock
from models.booking import slot, sweeper
from models.places import place
from models.places.place import Place
from tests.main_job.test_3_book import family
from tests.support.queues import drain

PLACE = "pingshan"
BASE = f"/office/v1/places/{PLACE}"
LINE = {"start": "09:00", "end": "11:00", "quota": 30}
PRICE = {"code": "adult", "name_zh": "成人", "price_fen": 9900}


def day(days: int = 2) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def set_(clerk, what: str, days: int = 2, **body):
    answer = clerk.call("PUT", f"{BASE}/{what}", {"from_day": day(days)} | body)
    drain("reports")
    return answer


def look(clerk, days: int = 2, **body) -> dict:
    answer = clerk.post(f"{BASE}/preview", {"from_day": day(days)} | body)
    assert answer.status_code == 200, answer.json
    return answer.json


def slots(days: int = 2, *, state: str = "open") -> dict[str, dict]:
    """Return the slots of Pingshan as a whole on a day, by the hour they begin at."""
    query = {"place": PLACE, "resource": "", "day": day(days), "kind": {"$ne": "day"}, "state": state}
    found = slot.Slot._get_collection().find(query).sort("start", 1)
    return {f"{one['start'] // 60:02d}:{one['start'] % 60:02d}": one for one in found}


def first(days: int = 2) -> str:
    """Return the id of the first slot of a day."""
    return next(iter(slots(days).values()))["_id"]


def numbers(slot_id: str) -> tuple[int, int, int]:
    """Return quota, left and kept, the counter being right."""
    assert sweeper.recount(slot_id) == 0
    found = slot.read(slot_id)
    return found["quota"], found["left"], found.get("kept", 0)


def counter(days: int = 2) -> str:
    return slot.day_id(PLACE, day(days))


def change(**fields) -> None:
    """Change the place behind everybody's back."""
    Place._get_collection().update_one({"_id": PLACE}, {"$set": fields})


def stored() -> dict:
    return place.read(PLACE)


def party(phone, size: int) -> list:
    return family(phone, size)


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def field_of(answer) -> str:
    """Return the beginning of the first field that a refusal names."""
    return next(iter(answer.json["fields"]))
