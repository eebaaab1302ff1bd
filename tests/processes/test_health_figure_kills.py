"""The night's figures are reckoned while the workers are killed: every elder counts, and counts once."""

import random
import threading
from collections import Counter
from typing import Any

import pytest
from bson import ObjectId

import wsgi  # noqa: F401 - registers every document
from backend import clock, jobs, outbox
from deploy.stack import Stack
from models.eldercare import figure, figure_checks, figure_run
from models.eldercare.figure import HealthFigure
from models.eldercare.figure_run import HealthFigureRun
from models.eldercare.subject import HealthSubject
from tests.processes.killed import kill_workers, waking_service
from tests.support.patience import until

pytestmark = [pytest.mark.processes, pytest.mark.soak]
ELDERS, KILLS, SEED = 40_000, 6, 23
TOWNS = ("360731100", "360731105", "360731113", "")
JOBS = {"outbox": {"$elemMatch": {"queue": "reports", "task": "eldercare.figures_step"}}}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with waking_service(tmp_path_factory.mktemp("figures"), api_workers=1, worker_processes=2) as stack:
        yield stack


def enrolled(dice: random.Random) -> Counter[str]:
    """Store elders without asking any register, and return how many of each town are of age."""
    now, of_age = clock.now(), Counter[str]()
    rows: list[dict[str, Any]] = []
    for number in range(ELDERS):
        town, born = dice.choice(TOWNS), dice.choice((1940, 1955, 1961, 1975))
        row = {"_id": ObjectId(), "person": b"-", "person_key": [number.to_bytes(12, "big")], "units": [], "seq": 1}
        row |= {"latest": now, "hidden": [], "created_at": now, "created_by": "staff:test", "birth_year": born}
        rows.append(row | ({"area": f"{town}001"} if town else {}))
        of_age[figure.town(town)] += clock.today().year - born >= 65
    HealthSubject._get_collection().insert_many(rows)
    return of_age


def position() -> ObjectId | None:
    run = HealthFigureRun._get_collection().find_one({"_id": {"$gte": ""}}, {"position": 1})
    return run.get("position") if run else None


def leases_run_out() -> None:
    """Let what the killed workers held come again at once, and not after a minute."""
    change = {"$set": {"outbox.$[step].due": clock.now()}}
    jobs.Job._get_collection().update_many(JOBS, change, array_filters=[{"step.task": "eldercare.figures_step"}])
    outbox.wake("reports")


def counted() -> dict[str, int]:
    """Return how many elders the yearly check counts, by place."""
    query = {"figure": figure.YEARLY_CHECK, "period": str(clock.today().year), "place": {"$gte": ""}}
    return {
        one["place"]: sum(one["counts"].get(word, 0) for word in figure_checks.WORDS)
        for one in HealthFigure._get_collection().find(query)
    }


def test_each_elder_counts_once_however_often_the_run_is_killed(stack):
    wanted = enrolled(random.Random(SEED))
    hit = reckoned(stack)
    assert hit >= KILLS, "the kills came when the run was over"
    told = counted()
    assert told.pop(figure.COUNTY) == sum(wanted.values())
    assert {place: told.get(place, 0) for place in wanted} == wanted


def reckoned(stack: Stack) -> int:
    """Reckon the figures and kill the workers whenever a batch was added; return how many kills hit the run."""
    over, hit = threading.Event(), 0
    assert figure_run.begin()
    assert not figure_run.begin(), "the run of a day begins once"
    last = None
    while not over.is_set():
        until(lambda last=last: position() != last or not going(), seconds=90, pause=0.01, what="the next batch")
        if not going():
            over.set()
        elif hit < KILLS:
            last, hit = position(), hit + 1
            kill_workers(stack)
            leases_run_out()
        else:
            until(lambda: not going(), seconds=180, pause=0.5, what="the end of the run")
    return hit


def going() -> bool:
    return HealthFigureRun._get_collection().find_one({"_id": {"$gte": ""}}, {"_id": 1}) is not None
