"""`make fuzz` in small: every operation, all checks, all phases; and what the run itself must get right."""

import inspect
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.fuzz import bindings, contents, explained, plan, report
from bench.fuzz.cast import ENDING, OTHERS, PEERS, name_for
from blueprints.links import LINKS
from models.identity import roles

ROOT = Path(__file__).parent.parent.parent
SMALL = {"EXAMPLES": "3", "CHAIN_SECONDS": "90", "SEED": "1"}
LEAST_REQUESTS = 5_000


class Answer:
    def __init__(self, body):
        self.body = body

    def json(self):
        if self.body is None:
            raise ValueError
        return self.body


def operations(app) -> dict[str, dict]:
    paths = app.test_client().get("/openapi.json").json["paths"]
    return {
        f"{method.upper()} {path}": told
        for path, methods in paths.items()
        for method, told in methods.items()
        if method != "parameters"
    }


@pytest.mark.fuzz
def test_no_request_ends_in_a_server_error(tmp_path):
    """What nobody explained is printed here and fails `make fuzz`: the interleaving of a run cannot be repeated."""
    kept = tmp_path / "fuzz.json"
    ended = subprocess.run(
        [sys.executable, "-m", "bench.fuzz"],
        cwd=ROOT,
        env={**_plain_environment(), **SMALL, "FUZZ_REPORT": str(kept), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )
    assert kept.exists(), ended.stdout[-20_000:] + ended.stderr[-5_000:]
    found = json.loads(kept.read_text())
    sys.stdout.write(f"unexplained: {found['unexplained']}\n")
    assert found["server_errors"] == 0, ended.stdout[-20_000:]
    assert found["requests"] >= LEAST_REQUESTS
    assert found["tested"] == found["total"] > 190
    assert set(found["phases"]) == {"examples", "coverage", "fuzzing", "stateful"}
    assert found["served"] > 100, "most operations must be reached past their first check"
    made = [name for name, labels in found["chains"].items() if {"GET", "POST"} <= {one.split()[0] for one in labels}]
    assert len(made) >= 4, found["chains"]


def test_everybody_who_may_call_an_operation_plays_in_the_run(app):
    told = operations(app)
    names = {label: name_for(label, one["x-access"]) for label, one in told.items()}
    callable_ = {
        label for label, one in told.items() if one["x-access"]["actor"] in {"resident", "member", "staff", "caller"}
    }
    assert {label for label, name in names.items() if name} == callable_
    assert {name.rstrip("!").partition("@")[0] for name in names.values() if name} <= {"resident", *roles.ROLES}


def test_who_reviews_content_is_somebody_else_than_who_wrote_it(app):
    told = operations(app)
    items = "POST /office/v1/content/items/{item_id}"
    steps = ("revisions", "first-review", "second-review", "final-review")
    names = [name_for(f"{items}/{step}", told[f"{items}/{step}"]["x-access"]) for step in steps]
    assert len(set(names)) == len(steps)
    assert set(names[1:]) == set(OTHERS.values())


def test_the_bindings_name_dictionaries_and_paths_that_exist(app):
    paths = {label.partition(" ")[2] for label in operations(app)}
    for where, _ in bindings.AT:
        assert any(re.fullmatch(where, path) for path in paths), where
    used = {name for bound in (bindings.EVERYWHERE, *(own for _, own in bindings.AT)) for name, _ in bound.values()}
    source = inspect.getsource(plan)
    assert [name for name in used if f'"{name}"' not in source] == []


def test_each_body_that_is_filled_belongs_to_an_operation(app):
    assert set(contents.BODIES) <= set(operations(app))


def test_who_ends_a_session_is_somebody_else_than_who_reads(app):
    ending = {label for label in operations(app) if ENDING.fullmatch(label)}
    assert {"POST /mini/v1/logout", "POST /office/v1/password", "DELETE /office/v1/sessions"} <= ending
    assert "GET /office/v1/sessions" not in ending


def test_at_least_three_peers_must_not_see_each_others_objects():
    assert len([name for name in PEERS if "@" in name]) >= 2
    assert {"resident", "neighbour"} < set(PEERS)


def test_each_link_of_the_table_is_in_the_description(app):
    told, count = operations(app), 0
    for links in LINKS:
        for source, _ in links.sources:
            answers = told[source]["responses"]
            refs = {link["operationRef"] for one in answers.values() for link in one.get("links", {}).values()}
            for target in set(links.targets) - {source}:
                method, path = target.split()
                assert f"#/paths/{path.replace('/', '~1')}/{method.lower()}" in refs, (source, target)
                count += 1
    assert count > 150


def test_each_explanation_says_why_and_covers_nothing_wider():
    names = Counter(one.name for one in explained.EXPLAINED)
    assert [name for name, times in names.items() if times > 1] == []
    for one in explained.EXPLAINED:
        assert len(one.reason) > 20, one
        assert one.code or one.where, f"{one}: it would cover every failure of its kind"
        assert one.code != "bad_input" or one.where, f"{one}: bad input is the code of every form"


def test_the_page_lists_every_explanation():
    page = (ROOT / "docs" / "fuzzing.md").read_text(encoding="utf-8")
    assert [one.name for one in explained.EXPLAINED if f"`{one.code}`" not in page and not one.where] == []
    assert [one.name for one in explained.EXPLAINED if one.reason not in page] == []


def test_only_what_is_listed_is_explained():
    cursor = Answer({"code": "bad_cursor"})
    assert explained.why("RejectedPositiveData", "GET /mini/v1/cases", cursor).code == "bad_cursor"
    assert explained.why("ServerError", "GET /mini/v1/cases", cursor) is None
    assert explained.why("RejectedPositiveData", "POST /mini/v1/cases", Answer({"code": "bad_input"})) is None
    assert explained.why("RejectedPositiveData", "GET /mini/v1/cases", Answer(None)) is None


def test_a_server_error_is_counted_and_told():
    answers = [["coverage", "GET /a", "GET", 500, 1], ["stateful", "GET /mini/v1/orders", "GET", 200, 4]]
    found = report.figures_of([{"answers": answers, "explained": {}, "unexplained": []}])
    assert (found["server_errors"], found["requests"], found["served_in_chains"]) == (1, 5, 1)
    assert found["chains"]["orders"] == ["GET /mini/v1/orders"]


def _plain_environment():
    ours = {"CLOCK_SHIFT_FILE", "SEED", "EXAMPLES", "CHAIN_SECONDS"}
    return {name: value for name, value in os.environ.items() if name not in ours}
