"""Elders of several towns with their checks, programmes and alerts, as the figures read them."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from backend.identity_documents import parse
from models.eldercare import figure_reads, figure_run, subject
from models.eldercare.figure_run import HealthFigureRun
from models.eldercare.subject import HealthSubject
from models.identity import person
from tests.support import affairs, queues
from tests.support.phone import resident_id

OFFICE = "/office/v1/health"
TOWN, OTHER_TOWN = "360731105", "360731100"
VILLAGE, VILLAGE_ZH = "360731105215", "潭头村委会"
CLINIC, ELSEWHERE = "health_commission", "civil_affairs"
YEAR = 2026
_numbers = itertools.count(1)


def elder(
    area: str = VILLAGE, birth_year: int = 1950, *, units: tuple[str, ...] = (), name: str = "赵奶奶"
) -> ObjectId:
    """Enrol somebody of an area and return the subject."""
    who = person.find_or_declare(parse("resident_id", resident_id(f"{birth_year}0308")), name)
    found = subject.enrol(who, by="staff:test", area=area)
    cares = [{"unit": one, "as": "village_clinic", "since": clock.now()} for one in units]
    HealthSubject._get_collection().update_one({"_id": found["_id"]}, {"$set": {"units": cares}})
    return found["_id"]


def elders(count: int, **more: Any) -> list[ObjectId]:
    return [elder(**more) for _ in range(count)]


def table() -> dict[str, Any]:
    found = figure_reads.check_table(clock.today())
    assert found is not None
    return found


def check(subject_id: ObjectId, *, left: int = 0, year: int = YEAR) -> None:
    """Store a yearly check of which so many items are missing, the last ones of the table."""
    items = [one["code"] for one in table()["content"]["items"]]
    done = items[: len(items) - left]
    told = {"items": {one: {"at": clock.now(), "by": "staff:test"} for one in done}, "left": left, "area": VILLAGE}
    told |= {"opened_at": clock.now(), "changed_at": clock.now(), "opened_by": "staff:test"}
    made = {"subject": subject_id, "year": year, "tool_version": table()["version"], **told}
    get_db()["health_checks"].insert_one(made)


def programme(
    subject_id: ObjectId,
    disease: str = "hypertension",
    *,
    reached: bool | None = None,
    at: datetime | None = None,
    **more,
) -> None:
    """Store that an elder is managed for an illness, and how the last visit went."""
    told = {"state": "managed", "live": True, "because": "doctor", "opened_at": clock.now(), "opened_by": "staff:test"}
    told |= {"next_visit": "2027-02-20", "unreached": 0, "seq": 1}
    told |= {} if reached is None else {"last": {"at": at or clock.now(), "reached": reached}}
    get_db()["health_programmes"].insert_one({"subject": subject_id, "disease": disease, **told, **more})


def alert(
    subject_id: ObjectId, severity: str = "urgent", *, minutes: int | None = None, outcome: str = "", **more: Any
) -> None:
    """Store an alert that was taken up after some minutes and ended so, or is open."""
    at, number = clock.now() - timedelta(days=1), next(_numbers)
    told: dict[str, Any] = {"subject": subject_id, "rule": f"rule_{number}", "severity": severity, "raised_at": at}
    told |= {"key": f"test:{number}", "rule_version": 1, "beat": 1, "rung": 0, "seq": 1, "found_at": at}
    told |= {"state": "closed", "outcome": {"code": outcome}} if outcome else {"state": "raised", "live": True}
    told |= {} if minutes is None else {"acknowledged_at": at + timedelta(minutes=minutes)}
    get_db()["health_alerts"].insert_one({**told, **more})


def night() -> None:
    """Reckon the figures as the night does."""
    assert figure_run.begin()
    queues.drain("reports")
    assert HealthFigureRun._get_collection().count_documents({}, hint="_id_") == 0, "the run is over"


def manager(client: Any) -> Any:
    return affairs.seat(client, "health_manager", unit=CLINIC)


def doctor(client: Any, unit: str = CLINIC) -> Any:
    return affairs.seat(client, "village_doctor", unit=unit)


def read(clerk: Any, path: str, *, status: int = 200) -> dict[str, Any]:
    answer = clerk.get(f"{OFFICE}/figures/{path}")
    assert answer.status_code == status, answer.json
    return answer.json


def of_town(told: dict[str, Any], code: str = TOWN) -> dict[str, Any]:
    (found,) = [one for one in told["towns"] if one["town"] == code]
    return found
