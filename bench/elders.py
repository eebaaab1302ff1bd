"""The timeline page of an elder and the list of a unit's elders, among 1,000 elders and among 10,000, from an index."""

import os
import random
import time
from datetime import timedelta
from statistics import median
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from bench import stand
from bench.machine import BenchFailed
from bench.report import Figure
from models.eldercare import subject, timeline_views
from models.eldercare.observation import HealthObservation
from models.eldercare.reader import Reader
from models.eldercare.subject import HealthSubject
from models.eldercare.timeline_views import Wanted
from models.identity.actors import System

FEW, MANY, EACH = 1_000, 10_000, 30
UNITS, PAGE, LOOKED, ROUNDS, BATCH = 20, 20, 200, 5, 500
MOST_RATIO = 1.5


def bench() -> list[Figure]:
    """Fill a store in two steps, and read the same kind of pages in both; every query must read an index alone.

    Raises:
        BenchFailed: a query read more than its page, or sorted in memory.
    """
    with stand.stand():
        elders: list[ObjectId] = []
        times = []
        for number in (FEW, MANY):
            elders += _fill(len(elders), number - len(elders))
            _require_index(elders[0])
            times.append([_pages(elders) for _ in range(ROUNDS)])
    few, many = (median(one) for one in times)
    told = f"{PAGE} of {EACH} entries, {LOOKED} elders, median of {ROUNDS} rounds; among {FEW:,} elders {few:.2f} ms"
    return [
        Figure("elders.timeline", many, "ms a page", told),
        Figure("elders.ratio", many / few, f"of {FEW:,} elders", told, MOST_RATIO, "lower"),
    ]


def _fill(first: int, number: int) -> list[ObjectId]:
    now, made = clock.now(), []
    for start in range(0, number, BATCH):
        told = [_subject(first + start + one) for one in range(min(BATCH, number - start))]
        HealthSubject._get_collection().insert_many(told)
        values = [_value(one["_id"], now - timedelta(hours=7 * hour)) for one in told for hour in range(EACH)]
        HealthObservation._get_collection().insert_many(values)
        made += [one["_id"] for one in told]
    return made


def _subject(number: int) -> dict[str, Any]:
    sealer, subject_id, person_id = runtime.current().sealer, ObjectId(os.urandom(12)), ObjectId()
    now = clock.now()
    return {
        "_id": subject_id,
        "person": sealer.seal(subject.PERSON, subject_id, str(person_id)),
        "person_key": sealer.blinds(subject.PERSON, str(person_id)),
        "units": [{"unit": f"clinic_{number % UNITS}", "as": "village_clinic", "since": now}],
        "latest": now - timedelta(seconds=number),
        "hidden": [],
        "created_at": now,
        "created_by": "system:bench",
        "seq": 1,
    }


def _value(subject_id: ObjectId, at: Any) -> dict[str, Any]:
    return {
        "subject": subject_id,
        "code": "heart_rate",
        "values": {"heart_rate": 72.0},
        "at": at,
        "recorded_at": at,
        "source": {"kind": "kiosk", "trust": 3},
        "state": "final",
        "flags": [],
        "version": 1,
    }


def _pages(elders: list[ObjectId]) -> float:
    chosen = [Reader(System("bench"), {"_id": one}, "self") for one in random.sample(elders, LOOKED)]  # type: ignore[arg-type]
    began = time.perf_counter()
    for reader in chosen:
        items, _ = timeline_views.page(reader, Wanted(), cursor=None, limit=PAGE)
        if len(items) != PAGE:
            raise BenchFailed(f"{len(items)} items on a page")
    return (time.perf_counter() - began) * 1000 / LOOKED


def _require_index(elder: ObjectId) -> None:
    asked = [
        (HealthObservation, {"subject": elder, "state": {"$ne": "entered_in_error"}}, "at"),
        (HealthSubject, subject.reached({"clinic_3"}), "latest"),
    ]
    for kind, query, field in asked:
        found = kind._get_collection().find(query).sort([(field, -1), ("_id", -1)]).limit(PAGE + 1).explain()
        read = found["executionStats"]["totalDocsExamined"]
        if read > PAGE + 1 or "SORT" in str(found["queryPlanner"]["winningPlan"]).replace("SORT_KEY", ""):
            raise BenchFailed(f"{kind.__name__} reads {read} documents for a page of {PAGE}")
