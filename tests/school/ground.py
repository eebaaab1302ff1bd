"""A round on a plain of metres: districts as rectangles, streets and points where a test wants them."""

import math
from datetime import timedelta
from typing import Any

from backend import clock
from backend.geo import EARTH_RADIUS_M
from models.school import address_point, district_import
from models.school import round as rounds
from models.school.round import SchoolRound
from models.school.school import School
from models.school.seat_plan import SeatPlan, plan_id

LON, LAT = 115.40, 25.95
ROUND = "2027-primary_test"
TOWN = "360731100"
VILLAGES = tuple(f"{TOWN}{number:03d}" for number in range(1, 9))
SCHOOLS = ("s_east", "s_west", "s_north", "s_both")
METRES_A_DEGREE = math.radians(EARTH_RADIUS_M)
RULES = {"eligible": "school_primary_eligible", "tier": "school_primary_tier", "priority": "school_primary_priority"}


def at(east: float, north: float) -> tuple[float, float]:
    """Return the position some metres east and north of the plain's corner."""
    return LON + east / (METRES_A_DEGREE * math.cos(math.radians(LAT))), LAT + north / METRES_A_DEGREE


def rectangle(west: float, south: float, width: float, height: float) -> dict[str, Any]:
    ring = [(west, south), (west + width, south), (west + width, south + height), (west, south + height)]
    return {"type": "Polygon", "coordinates": [[list(at(*one)) for one in (*ring, ring[0])]]}


def feature(code: str, shape: dict[str, Any], schools=("s_east",), **told: Any) -> dict[str, Any]:
    properties = {"code": code, "name": f"{code}片区", "schools": list(schools), **told}
    return {"type": "Feature", "properties": properties, "geometry": shape}


def collection(*features: dict[str, Any], **told: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **told}


def street(name: str, first: int = 1, last: int = 99_999, side: str = "all") -> dict[str, Any]:
    return {"street": name, "from": first, "to": last, "side": side}


def two(**west: Any) -> dict[str, Any]:
    """Return two districts side by side: west of 1,000 m and east of it, of different schools."""
    left = feature("west", rectangle(0, 0, 1000, 1000), ["s_west"], **west)
    return collection(left, feature("east", rectangle(1000, 0, 1000, 1000), ["s_east"]))


def schools(*codes: str) -> None:
    for code in codes or SCHOOLS:
        about = {"name": f"{code}小学", "stages": ["primary"], "ownership": "public", "state": "active"}
        record = {**about, "unit": "education_sports", "town": TOWN, "made_up": True, "source": "测试"}
        School._get_collection().replace_one({"_id": code}, record, upsert=True)


def round_told(**told: Any) -> dict[str, Any]:
    now = clock.now()
    about = {"name": "测试批次", "stage": "primary", "school_year": 2027, "rules": RULES, "rule_day": "2027-08-31"}
    times = {"opens_at": now + timedelta(days=10), "closes_at": now + timedelta(days=20)}
    times["review_until"] = now + timedelta(days=30)
    return {**about, **times, "accept_days": 5, "most_choices": 5, "double_review_percent": 10, **told}


def prepare(**told: Any) -> str:
    """Put the schools and a round that is being prepared; return its code."""
    schools()
    record = {"_id": ROUND, "state": "preparing", "history": [], "outbox": [], **round_told(), **told}
    SchoolRound._get_collection().replace_one({"_id": ROUND}, record, upsert=True)
    return ROUND


def plans(*codes: str, places: int = 45) -> None:
    for code in codes:
        record = {"round": ROUND, "school": code, "places": places, "classes": 1, "class_size": 45}
        where = {"_id": plan_id(ROUND, code)}
        SeatPlan._get_collection().replace_one(where, {**record, "reserves": {}, "taken": 0}, upsert=True)


def lay(told: dict[str, Any]) -> district_import.Outcome:
    """Import districts by the rule of the import, as reference data."""
    reading = district_import.district_reading.read(told, rounds.read(ROUND)["stage"])
    assert reading.errors == []
    return district_import.replace(None, ROUND, reading.found)


def house(name: str, number: str, east: float, north: float, *, town: str = TOWN, village: str = "") -> None:
    told = {"street": name, "number": number, "town": town, "village": village, "point": at(east, north)}
    address_point.put_all([told])
