"""`make gates` in small: three gates with real requests, and then every ticket, conflict and number as in the truth."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.gate_truth import HALL, PLACE, GateMind, Passage, Showing, TicketTruth, standing

ROOT = Path(__file__).parent.parent.parent


def passage(number, zone=PLACE, way="in", step=0):
    return Passage((0, 0, float(number)), f"s{number}", zone, way, step)


def test_the_truth_reads_passages_in_their_order_and_tells_who_was_first():
    end = standing([passage(3, HALL), passage(1, HALL), passage(2, way="out")])
    assert end.first == "s1"
    assert end.conflicts == {"s3": ("used_twice", "s1")}
    assert (end.entries[HALL], end.exits[PLACE], end.inside) == (1, 1, set())


def test_the_truth_of_a_cancelled_ticket_is_what_was_known_before():
    told = TicketTruth()
    told.happen(passage(1, way="out"), told=True)
    assert told.cancel()
    told.happen(passage(2), told=False)
    told.learn(passage(2))
    assert (told.end().first, told.conflicts()) == ("", {"s2": ("cancelled", "")})
    used = TicketTruth()
    used.happen(passage(1), told=True)
    assert not used.cancel()


def test_a_gate_alone_knows_no_more_than_it_has_seen():
    mind = GateMind(HALL, 4)
    assert mind.alone(Showing("t", "in")) == "admitted"
    mind.saw(Showing("t", "in"))
    assert mind.alone(Showing("t", "in")) == "already_used"
    assert GateMind(HALL, 4).alone(Showing("t", "in")) == "admitted"
    mind.synced({"u"})
    assert mind.alone(Showing("u", "in")) == "revoked"
    assert mind.alone(Showing("u", "out")) == "exited"


@pytest.mark.processes
@pytest.mark.soak
def test_after_a_storm_at_the_gates_everything_is_the_truth(tmp_path):
    env = {**os.environ, "N": "600", "SEED": "5", "VAR": str(tmp_path), "TMPDIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "bench.gate_storm"],
        cwd=ROOT,
        env=env | {"CLOCK_SHIFT_FILE": str(tmp_path / "shift")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "every ticket, conflict, record and number is the truth" in ended.stdout
    assert "stolen entries refused" in ended.stdout
    assert _left_behind(tmp_path) == []


def _left_behind(folder):
    return [p.info for p in psutil.process_iter(["pid", "cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
