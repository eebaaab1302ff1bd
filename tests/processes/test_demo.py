"""The demonstration: every story holds against real processes, and holds again when it is played a second time."""

from datetime import datetime

import pytest

from backend import clock
from deploy.stack import Stack
from seed.demo import lists, play, school, subsidies
from seed.demo.stage import Stage

pytestmark = [pytest.mark.processes, pytest.mark.soak]


@pytest.fixture(autouse=True)
def few_children(monkeypatch):
    """The same round as with 3,000, but with as many children as a test has time for."""
    monkeypatch.setattr(school, "CHILDREN", 40)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("demo"), api_workers=1, worker_processes=1).start()
    try:
        made = stack.python("demo-accounts", ["-m", "seed", "demo-accounts", stack.base, str(stack.folder)])
        assert made.popen.wait(120) == 0, (stack.folder / "logs" / "demo-accounts.log").read_text()
        yield Stage(stack.base, stack.folder)
    finally:
        stack.stop()


@pytest.mark.parametrize("story", play.STORIES, ids=lambda story: story.__name__)
def test_a_story_holds_and_holds_again(stage, story):
    first, second = (list(story(stage)) for _ in range(2))
    assert len(first) > 1
    assert all(first + second)


def test_lists_are_ready_to_be_paid_whose_seven_working_days_are_over(stage):
    found = lists.ready(stage, stage.clerk("chen.demo"))
    batch = stage.clerk("chen.demo").get(f"{lists.BASE}/batches/{found['id']}")
    until, since = (datetime.fromisoformat(batch[f"publicity_{name}"]) for name in ("until", "from"))
    assert (until - since).days >= 8  # seven working days and at least one weekend
    assert until < clock.now()


def test_when_all_lists_are_paid_the_story_says_what_waits(stage, tmp_path):
    other = Stage(stage.base, stage.folder)
    other.folder = tmp_path
    (said,) = subsidies.a_failed_line_is_repaired(other)
    assert "before seven working days are over" in said


def test_where_nobody_answers_it_says_so_and_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VAR", str(tmp_path))
    assert play.main(["http://127.0.0.1:9"]) == 1
