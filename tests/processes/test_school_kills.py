"""A draw between real processes that are killed while it is computed and published: nothing half, nothing twice."""

import random
import signal
import threading
from datetime import timedelta

import pytest
import requests
from bson import ObjectId

import wsgi  # noqa: F401 - registers every document
from backend import clock
from deploy.stack import Stack
from models.school.draw import SchoolDraw
from models.school.result import SchoolResult
from models.school.round import SchoolRound
from tests.processes.killed import service
from tests.processes.school_kit import PUBLIC, Decided, bureau
from tests.school.after_kit import ROUND, A, B, C
from tests.support.patience import until
from tests.support.remote import RemoteClient

pytestmark = [pytest.mark.processes, pytest.mark.soak]
CHILDREN, KILLS = 1500, 6
DRAW = {"round": ROUND, "state": {"$ne": "cancelled"}}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with service(tmp_path_factory.mktemp("school"), api_workers=1) as stack:
        yield stack


def state() -> str:
    return SchoolDraw._get_collection().find_one(DRAW)["state"]


def kill_until(stack: Stack, holds, what: str) -> int:
    """Kill the worker again and again, each a bit later after its start, until something holds; return the kills."""
    dice, kills = random.Random(7), 0
    while not holds() and kills < KILLS:
        stack.children["worker-slow"].kill(signal.SIGKILL)
        kills += 1
        stack.restart("worker-slow")
        threading.Event().wait(dice.uniform(0.05, 0.6))
    until(holds, what=what, seconds=90)
    return kills


def seen(stack: Stack) -> set[tuple[int, int]]:
    """Return what anybody gets at this moment: the status and size of each file of the result."""
    base = f"{stack.base}{PUBLIC}/rounds/{ROUND}"
    answers = [
        requests.get(f"{base}{path}", timeout=10) for path in ("/draw/files/result.csv", "/draw/files/cut_offs.csv")
    ]
    return {(one.status_code, len(one.content) if one.ok else 0) for one in answers}


def test_a_draw_survives_kills_and_is_published_whole(stack):
    made = Decided({A: 400, B: 400, C: 400})
    dice = random.Random(3)
    for _ in range(CHILDREN):
        made.apply(*dice.sample((A, B, C), 3), priority=dice.choice((101, 109, 201, 309)), child=ObjectId())
    two = bureau(RemoteClient(stack.base))
    assert two.freeze().status_code == 201
    past = {"$set": {"seed_source.moment": clock.now() - timedelta(minutes=1)}}
    SchoolDraw._get_collection().update_one(DRAW, past)
    assert two.agree(two.enter()).status_code == 200
    assert kill_until(stack, lambda: state() == "computed", "the computation") >= 1
    results = list(SchoolResult._get_collection().find({"round": ROUND}, {"application": 1, "school": 1}))
    assert len({one["application"] for one in results}) == len(results) == CHILDREN
    assert all(sum(one["school"] == code for one in results) <= 400 for code in (A, B, C))

    before = seen(stack)
    assert before == {(404, 0)}
    observed: set[tuple[int, int]] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            observed.update(seen(stack))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert two.agree(two.publish()).status_code == 200
        kill_until(stack, lambda: state() == "published", "the publication")
    finally:
        over.set()
        watcher.join()
    whole = seen(stack)
    assert {status for status, _ in whole} == {200}
    assert observed | whole == before | whole
    assert SchoolRound._get_collection().find_one({"_id": ROUND})["state"] == "published"
