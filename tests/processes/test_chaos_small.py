"""`make chaos` in small: a rush for scarce places on real processes that are killed meanwhile."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from bench.chaos.line_rules import unfair
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


NINE = datetime(2026, 11, 24, 1, tzinfo=UTC)


def party(seq, size, offered=None, **more):
    """Return an entry of a line; times are minutes after nine."""
    at = {name: NINE + timedelta(minutes=minute) for name, minute in more.items()}
    return {"_id": seq, "seq": seq, "size": size, "offered_at": offered and NINE + timedelta(minutes=offered), **at}


@pytest.mark.parametrize(
    "line",
    [
        [party(1, 2, 5), party(2, 2, 6), party(3, 1, 6)],
        [party(1, 2), party(2, 1, 5), party(3, 1, 6), party(4, 1, 7)],
        [party(1, 2, ended_at=4), party(2, 2, 5)],
        [party(1, 2, collect_until=20), *(party(n, 1, n) for n in (2, 3, 4)), *(party(n, 1, 20 + n) for n in (5, 6))],
        [party(1, 3, 9), party(2, 2), *(party(n, 1, n) for n in (3, 4, 5)), *(party(n, 1, 9 + n) for n in (6, 7, 8))],
    ],
    ids=["in turn", "three smaller ones", "who left", "its time is over", "first and second"],
)
def test_a_line_that_keeps_its_rule_is_fair(line):
    assert list(unfair(line)) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ([party(1, 1), party(2, 1, 5)], ["entry 2 of 1 was served before 1 of 1"]),
        ([party(1, 1, 9), party(2, 2, 5)], ["entry 2 of 2 was served before 1 of 1"]),
        ([party(1, 3, ended_at=9), party(2, 3, 5)], ["entry 2 of 3 was served before 1 of 3"]),
        ([party(1, 2), *(party(n, 1, n) for n in (2, 3, 4, 5))], ["entry 1 was passed 4 times"]),
        ([party(1, 2, collect_until=9), *(party(n, 1, n) for n in (2, 3, 4, 5))], ["entry 1 was passed 4 times"]),
    ],
    ids=["the same size", "a larger one", "who left later", "a fourth time", "while it is collected for"],
)
def test_a_line_that_breaks_its_rule_is_seen(line, told):
    assert list(unfair(line)) == told


@pytest.mark.processes
@pytest.mark.soak
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
    assert found["figures"]["waiting_list"]["joined"] > 0
    assert _left_behind(tmp_path) == []


def _plain_environment():
    ours = {"CLOCK_SHIFT_FILE", "SEED", "CONTROL", "CLUSTER", "THREADS", "KEEP"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _left_behind(folder):
    return [p.info for p in psutil.process_iter(["pid", "cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
