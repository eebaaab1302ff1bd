"""The third program repeats a draw from the published files alone, byte for byte, and says what differs."""

import ast
import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pytest

from backend.allocation import deferred, draw, published
from tests.allocation import verify_draw
from tests.allocation.instances import build

PROGRAM = Path(verify_draw.__file__)
SEED = "2027-08-20 公证 4 1 6 2 2 5"
WORDING = "按志愿、优先级和摇号序号派位。\n序号相同者,派位编号小者在前。"


def publish(folder, problem, mechanism, seed=SEED):
    """Write what is published before and after a draw; return the outcome."""
    names = {place.code: f'第 {place.code} 小学, "东区"' for place in problem.places}
    before = {
        published.LIST: published.applicants(problem),
        published.PLACES: published.places(problem, names),
        published.RULES: published.rules(published.Rules(mechanism, "1", WORDING)),
    }
    rule = published.read_rules(before[published.RULES])
    read = published.read_problem(before[published.LIST], before[published.PLACES])
    outcome = draw.place(rule.mechanism, read, seed)
    after = {published.SEED: published.seed(seed), published.RESULT: published.result(outcome)}
    folder.mkdir(exist_ok=True)
    for name, content in (before | after | {published.DIGESTS: published.digests(before)}).items():
        (folder / name).write_bytes(content)
    return outcome


def run(folder):
    """The program as anybody runs it: another process, with nothing of ours on its path."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), str(folder)], capture_output=True, text=True, check=False, cwd="/"
    )


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_the_third_program_writes_the_same_bytes_for_hundreds_of_draws(tmp_path, mechanism, capsys):
    placed = 0
    for number in range(400):
        rng = random.Random(f"{mechanism} {number}")
        problem = build(rng, rng.randint(1, 60), rng.randint(1, 9), tiers=rng.randint(1, 4), twins=rng.choice([0, 0.3]))
        outcome = publish(tmp_path, problem, mechanism, f"{SEED} {number}")
        assert verify_draw.main(tmp_path) == 0, capsys.readouterr().out
        assert (tmp_path / "verified.csv").read_bytes() == (tmp_path / published.RESULT).read_bytes()
        placed += sum(map(bool, outcome.placed.values()))
    assert placed > 5_000


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_it_runs_alone_with_nothing_but_python(tmp_path, mechanism):
    publish(tmp_path, build(random.Random(1), 300, 8), mechanism)
    found = run(tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith("the same: ")


def test_it_is_short_and_imports_the_standard_library_alone():
    source = PROGRAM.read_text("utf-8")
    assert len(source.splitlines()) <= 150
    found = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert found <= sys.stdlib_module_names


def reseal(folder):
    files = {name: (folder / name).read_bytes() for name in (published.LIST, published.PLACES, published.RULES)}
    (folder / published.DIGESTS).write_bytes(published.digests(files))


@pytest.mark.parametrize("name", [published.LIST, published.PLACES, published.RULES])
def test_a_file_changed_after_its_digest_was_published_is_named(tmp_path, name):
    publish(tmp_path, build(random.Random(1), 40, 4), deferred.NAME)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(b"1", b"2", 1))
    found = run(tmp_path)
    assert found.returncode == 1
    assert found.stdout == f"differs: {name} is not the file whose digest was published\n"


def test_a_result_in_which_two_have_changed_places_is_found(tmp_path):
    publish(tmp_path, build(random.Random(1), 40, 4), deferred.NAME)
    head, *lines = (tmp_path / published.RESULT).read_text().splitlines()
    placed = [line.split(",") for line in lines]
    one, other = placed[0], next(line for line in placed if line[2:] != placed[0][2:])
    one[2:], other[2:] = other[2:], one[2:]
    (tmp_path / published.RESULT).write_text("\n".join([head, *map(",".join, placed)]) + "\n")
    found = run(tmp_path)
    assert found.returncode == 1
    assert "result.csv is not what the published files and the seed give" in found.stdout


def test_another_seed_than_the_published_one_is_found(tmp_path):
    publish(tmp_path, build(random.Random(1), 40, 4), deferred.NAME)
    (tmp_path / published.SEED).write_bytes(published.seed(f"{SEED}."))
    assert run(tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        (published.RULES, (b"deferred_acceptance", b"best_friends"), "names no mechanism"),
        (published.LIST, (b"pseudonym", b"name"), "should begin with the line pseudonym,"),
        (published.LIST, (b"S00:", b"S99:"), "names an unknown place"),
        (published.PLACES, (b"S00,", b"S01,"), "names an unknown place"),
        (published.LIST, (b"S00:1", b"S00"), "differs: "),
    ],
)
def test_files_that_are_none_end_with_a_sentence(tmp_path, name, change, told):
    publish(tmp_path, build(random.Random(1), 40, 4), deferred.NAME)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(*change))
    reseal(tmp_path)
    found = run(tmp_path)
    assert (found.returncode, found.stderr) == (1, "")
    assert told in found.stdout


def test_a_folder_without_the_files_ends_with_a_sentence(tmp_path):
    found = run(tmp_path)
    assert (found.returncode, found.stderr) == (1, "")
    assert "digests.txt" in found.stdout
    (tmp_path / published.DIGESTS).write_text(f"{hashlib.sha256(b'').hexdigest()}  list.csv\n")
    (tmp_path / published.LIST).write_bytes(b"")
    assert "digests.txt does not name places.csv" in run(tmp_path).stdout
