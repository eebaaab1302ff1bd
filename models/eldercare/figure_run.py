"""The night's run (统计任务): reckons the figures from all elders, some at a time; a kill loses nothing of it.

    begun ──a batch of elders added, its last id with it──▶ … ──no elder left──▶ rows put, the run is gone

One guarded update adds a batch to the tally and moves the position, so a batch counts once however often it is looked
at. A run that was not finished when the next one begins is given up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, jobs, outbox
from backend.store import transactions
from models.eldercare import figure, figure_alerts, figure_checks, figure_control
from models.eldercare.figure_tally import Elder, Key
from models.eldercare.subject import HealthSubject

SYSTEM = "system:eldercare"
BATCH = 500
ENTERED_LATE_MONTHS = 3
"""Until this month figures of the year before are reckoned too, because papers come late."""
BETWEEN = "|"
_ELDER = {"area": 1, "birth_year": 1, "units.unit": 1}


class HealthFigureRun(Document):
    """The id is the civil day; `tally` holds a number for each `place|figure|period|word`."""

    meta = {"collection": "health_figure_runs", "auto_create_index": False, "indexes": [{"fields": ["job"]}]}
    id = StringField(primary_key=True)
    job = ObjectIdField(required=True)
    began_at = DateTimeField(required=True)
    years = ListField(StringField(), required=True)
    months = ListField(StringField(), required=True)
    position = ObjectIdField()
    tally = DictField(field=IntField())


def begin() -> bool:
    """Begin the run of today and return whether this call did; an older one is given up."""
    now, day = clock.now(), clock.today()
    runs = HealthFigureRun._get_collection()
    run = {"_id": day.isoformat(), "began_at": now, "years": _years(day), "months": _months(day)}
    total = HealthSubject._get_collection().estimated_document_count() // BATCH + 1

    def write(session: ClientSession) -> None:
        job = jobs.start("eldercare.figures_step", args={}, total=total, started_by=SYSTEM, session=session)
        runs.insert_one({**run, "job": job["_id"], "tally": {}}, session=session)
        runs.delete_many({"_id": {"$lt": run["_id"]}}, session=session)

    try:
        transactions.run(write)
    except DuplicateKeyError:
        return False
    outbox.wake("reports")
    return True


def _years(day: date) -> list[str]:
    earlier = [str(day.year - 1)] if day.month <= ENTERED_LATE_MONTHS else []
    return [str(day.year), *earlier]


def _months(day: date) -> list[str]:
    before = date(day.year - 1, 12, 1) if day.month == 1 else date(day.year, day.month - 1, 1)
    return [one.strftime("%Y-%m") for one in (day, before)]


def work(job_id: ObjectId) -> None:
    """Go on with the run of a job for some seconds; what was done before a kill is not done again.

    Raises:
        outbox.Later: more elders are left.
    """

    def batch(position: str | None) -> list[str]:
        if _run(job_id, {"_id": 1}) is None:
            return []
        after = {"_id": {"$gt": ObjectId(position)}} if position else {}
        found = HealthSubject._get_collection().find(after, {"_id": 1}).sort("_id", 1).limit(BATCH)
        return [str(one["_id"]) for one in found][-1:]

    jobs.work(job_id, batch, lambda last: _add(job_id, ObjectId(last)), lambda: _finish(job_id))


def _run(job_id: ObjectId, shown: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    return HealthFigureRun._get_collection().find_one({"job": job_id}, shown)


def _add(job_id: ObjectId, last: ObjectId) -> None:
    """Add the elders after the run's position, up to `last`, unless that was done or the run was given up."""
    run = _run(job_id, {"tally": 0})
    if run is None or ("position" in run and run["position"] >= last):
        return
    after = {"$gt": run["position"]} if "position" in run else {}
    found = HealthSubject._get_collection().find({"_id": {**after, "$lte": last}}, _ELDER).sort("_id", 1)
    elders = [Elder.of(one) for one in found]
    told = {f"tally.{BETWEEN.join(key)}": count for key, count in _tallied(run, elders).items()}
    guard = {"_id": run["_id"], "job": job_id, "position": run.get("position")}
    change = {"$set": {"position": last}, "$inc": told}
    HealthFigureRun._get_collection().update_one(guard, change)


def _tallied(run: Mapping[str, Any], elders: Iterable[Elder]) -> Counter[Key]:
    living = figure_alerts.living(elders)
    tally: Counter[Key] = Counter()
    tally += figure_control.tallied(living, run["years"][0])
    for year in run["years"]:
        tally += figure_checks.tallied(living, year)
    for month in run["months"]:
        tally += figure_alerts.tallied(elders, month)
    return tally


def _finish(job_id: ObjectId) -> None:
    """Put the rows of a run whose elders were all added; again changes nothing."""
    run = _run(job_id)
    if run is None:
        return
    periods = _periods(run)
    figure.put(_rows(run["tally"], periods), run["began_at"])
    for name, period in periods:
        figure.drop_older(name, period, run["began_at"])
    HealthFigureRun._get_collection().delete_one({"_id": run["_id"], "job": job_id})


def _periods(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the figures of a run with their periods.

    How an illness was controlled in a year that is over is not asked again: only the last visit is known.
    """
    checks = [(figure.YEARLY_CHECK, year) for year in run["years"]]
    control = [(disease, run["years"][0]) for disease in figure.CONTROL_ZH]
    return [*checks, *control, *((figure.ALERTS, month) for month in run["months"])]


def _rows(tally: Mapping[str, int], periods: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the rows of a tally; the county has one of each figure, also where nobody was counted."""
    rows = {(figure.COUNTY, name, period): Counter[str]() for name, period in periods}
    for key, count in tally.items():
        place, name, period, word = key.split(BETWEEN)
        rows.setdefault((place, name, period), Counter())[word] += count
    return [
        {"place": place, "figure": name, "period": period, **figure_alerts.row(counted)}
        for (place, name, period), counted in rows.items()
    ]
