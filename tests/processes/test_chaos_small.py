"""`make chaos` in small: a rush for scarce places on real processes that are killed meanwhile."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from bench.chaos.options import Options
from bench.chaos.plan import draw

ROOT = Path(__file__).parent.parent.parent
SMALL = {"ATTEMPTS": "150", "PLACES": "30", "KILLS": "2"}


def test_a_seed_repeats_its_schedule():
    assert draw(Options(seed=5)) == draw(Options(seed=5))
    assert draw(Options(seed=5)) != draw(Options(seed=6))


def test_no_event_waits_for_attempts_that_wait_for_the_next_one():
    for seed in range(50):
        events = draw(Options(attempts=150, places=30, kills=2, seed=seed)).events
        assert all(event.hold < event.at for event in events)
        assert all(one.at <= following.hold for one, following in pairwise(events))


@pytest.mark.processes
def test_every_invariant_holds_after_kills_of_every_kind(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "bench.chaos"],
        cwd=ROOT,
        env={**_plain_environment(), **SMALL, "VAR": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads((tmp_path / "chaos.json").read_text())
    assert found["figures"]["kills"] == {"API worker": 2, "Celery worker": 2, "mongod": 2, "Redis": 2}
    assert sum(found["figures"]["attempts"].values()) == 150
    assert all(invariant["ok"] for invariant in found["invariants"])
    assert _left_behind(tmp_path) == []


def _plain_environment():
    ours = {"CLOCK_SHIFT_FILE", "SEED", "CONTROL", "CLUSTER", "THREADS", "KEEP"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _left_behind(folder):
    return [p.info for p in psutil.process_iter(["pid", "cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
