"""Elders of a village clinic, what is measured of them, and what the rules made of it."""

import itertools
from datetime import date, timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from backend.identity_documents import parse
from models.eldercare import observation, subject
from models.eldercare.finding import HealthFinding
from models.eldercare.observation import Measured
from models.eldercare.source import Source
from models.eldercare.subject import HealthSubject
from models.identity import person
from tests.support import affairs, queues
from tests.support.clerk import Clerk
from tests.support.phone import resident_id

CLINIC, OTHER = "tantou_clinic", "luojiang_clinic"
UNITS = {
    "systolic": "mm[Hg]",
    "diastolic": "mm[Hg]",
    "heart_rate": "/min",
    "respiratory_rate": "/min",
    "oxygen_saturation": "%",
    "temperature": "Cel",
    "fasting_glucose": "mmol/L",
    "random_glucose": "mmol/L",
    "haemoglobin": "g/L",
    "platelets": "10*9/L",
    "potassium": "mmol/L",
    "weight": "kg",
}
_numbers = itertools.count(1)


def elder(birth: str = "19500307", unit: str = CLINIC) -> dict[str, Any]:
    """Return an enrolled elder for whom a clinic cares."""
    document = parse("resident_id", resident_id(birth))
    found = subject.enrol(person.find_or_declare(document, "张三丰"), by="test", area="360731115")
    return placed(found["_id"], unit)


def placed(subject_id: ObjectId, unit: str = CLINIC) -> dict[str, Any]:
    """Let a clinic care for an elder."""
    cares = {"unit": unit, "as": "village_clinic", "since": clock.now()}
    HealthSubject._get_collection().update_one({"_id": subject_id}, {"$set": {"units": [cares]}})
    return subject.read(subject_id)


def doctor(client: Any, unit: str = CLINIC) -> Clerk:
    return affairs.seat(client, "village_doctor", unit=unit)


def measure(
    who: dict[str, Any],
    *,
    ago: timedelta = timedelta(0),
    context: dict[str, Any] | None = None,
    source: str = "kiosk",
    flags: tuple[str, ...] = (),
    **values: float,
) -> dict[str, Any]:
    """Store one measurement, a blood pressure as one with its two parts, and let the queue judge it."""
    code = "blood_pressure" if values.keys() & {"systolic", "diastolic"} else next(iter(values))
    told = {name: (value, UNITS[name]) for name, value in values.items()}
    measured = Measured(code, told, clock.now() - ago, flags=flags, context=context or {})
    found = observation.keep(who["_id"], measured, Source(source, unit=CLINIC, by="test"))
    queues.drain("care")
    return found


def in_days(days: int) -> date:
    return clock.today() + timedelta(days=days)


def findings(who: dict[str, Any], *, state: str = "live") -> list[dict[str, Any]]:
    """Return what was found of an elder, in order."""
    query = {"subject": who["_id"], "state": state}
    return list(HealthFinding._get_collection().find(query).sort([("made_at", 1), ("_id", 1)]))


def rules_of(who: dict[str, Any], *, state: str = "live") -> list[str]:
    return [one["rule"] for one in findings(who, state=state)]


def url(who: dict[str, Any], rest: str = "") -> str:
    return f"/office/v1/health/elders/{who['_id']}{rest}"
