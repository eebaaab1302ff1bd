"""`make ledger` in small: random operations on real processes that are killed meanwhile, and then the books."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench import ledger_operations as operations

ROOT = Path(__file__).parent.parent.parent


def test_an_operation_is_the_same_whoever_draws_it():
    wallets = ["wallet:a", "wallet:b"]
    drawn = [operations.draw(number, 7, 2, wallets) for number in range(300)]
    assert drawn == [operations.draw(number, 7, 2, wallets) for number in range(300)]
    assert {one.kind for one in drawn} == set(operations.KINDS)
    assert all((one.number - one.earlier) % 2 == 0 for one in drawn)


def test_a_line_that_a_kill_cut_off_does_not_count(tmp_path):
    file = tmp_path / "outcomes-0.txt"
    file.write_text("0 done\n2 insufficient_funds\n4 do")
    assert operations.lines(file) == ["0 done", "2 insufficient_funds"]
    assert file.read_text() == "0 done\n2 insufficient_funds\n"
    assert operations.lines(tmp_path / "none.txt") == []


@pytest.mark.processes
@pytest.mark.soak
def test_after_a_storm_the_sum_is_zero_each_key_counted_once_and_the_chain_verifies(tmp_path):
    env = {**os.environ, "N": "600", "SEED": "3", "VAR": str(tmp_path), "TMPDIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "bench.ledger_storm"],
        cwd=ROOT,
        env=env | {"CLOCK_SHIFT_FILE": str(tmp_path / "shift")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "sum 0 at every look, each key once, the chain verifies" in ended.stdout
    assert "600 operations" in ended.stdout
    assert _left_behind(tmp_path) == []


def _left_behind(folder):
    return [p.info for p in psutil.process_iter(["pid", "cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
