"""The demonstration: every story holds against real processes, and holds again when it is played a second time."""

import pytest

from deploy.stack import Stack
from seed.demo import play
from seed.demo.stage import Stage

pytestmark = pytest.mark.processes


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


def test_where_nobody_answers_it_says_so_and_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VAR", str(tmp_path))
    assert play.main(["http://127.0.0.1:9"]) == 1
