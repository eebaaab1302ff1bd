"""Whoever changes the log in the store is found: a thousand random tamperings, each on the real store."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from mongoengine.connection import get_db

from backend import runtime
from models.audit import sequencer, tree_head, verify
from tests.architecture.house import ROOT
from tests.support.audit_log import chain, fill
from tests.trust.forger import HEADS, KINDS, Forger

LEAVES_A_HEAD = 25
TAMPERINGS = 1000


@pytest.fixture
def log(store, tmp_path, monkeypatch):
    """A log of a few hundred leaves under several heads, with the file of heads outside of the store."""
    given = replace(store, settings=replace(store.settings, audit_heads_file=str(tmp_path / "heads.jsonl")))
    runtime.install(given)
    for number in range(HEADS):
        fill(LEAVES_A_HEAD + number % 3, seed=number)
        chain()
    yield
    runtime.install(store)


def found() -> list:
    return list(verify.findings())


def test_a_thousand_random_tamperings_are_all_found(log):
    """The controls: the log is whole before, and after every hundred tamperings were undone."""
    assert found() == []
    forger, seen, missed = Forger(seed=20261123), Counter(), []
    kinds = list(KINDS)
    for number in range(TAMPERINGS):
        tamper = kinds[number % len(kinds)]
        tamper(forger)
        forger.carry_out()
        words = {one.kind for one in found()}
        if not words & KINDS[tamper]:
            missed.append((number, tamper.__name__, words, forger.standing))
        seen[tamper.__name__] += bool(words)
        if number % 100 == 99:
            forger.undo()
            assert found() == [], number
    assert missed == []
    assert seen == {tamper.__name__: TAMPERINGS // len(kinds) for tamper in kinds}


def test_each_finding_names_what_was_done_and_where(log):
    entry_leaf = get_db().audit_leaves.find_one({"_id": {"$gte": 40}, "source": "audit_entries"})
    number, record = entry_leaf["_id"], entry_leaf["record"]
    forger = Forger(seed=1)

    def after(change) -> list[tuple[str, str]]:
        change()
        forger.carry_out()
        return [(one.kind, one.where) for one in found()]

    def edited():
        forger.put("audit_entries", {**forger.record(entry_leaf), "actor": "staff:other"})

    def marked():
        forger.put("audit_entries", {**forger.record(entry_leaf), "leaf": number + 1})

    where = f"audit_entries/{record}"
    assert after(edited) == [("edited", where)]
    assert after(lambda: forger.drop("audit_entries", record)) == [("deleted", f"leaf {number}")]
    assert ("deleted", f"leaf {number}") in after(lambda: forger.drop("audit_leaves", number))
    assert after(marked) == [("reordered", where), ("inserted", where)]
    assert after(lambda: forger.drop("audit_heads", 3)) == [("deleted", "head 3"), ("deleted", "head 3")]
    last = forger.size - 1
    cut_off = after(lambda: forger.drop("audit_leaves", last))
    assert cut_off[0] == ("cut", f"leaves {last} to {last}")
    forger.undo()
    assert found() == []


def test_a_forger_who_computes_everything_again_is_betrayed_by_the_next_signed_head(log):
    forger = Forger(seed=1)
    row = forger.row()
    place = 3 * LEAVES_A_HEAD
    row[place] = (row[place][0], {**row[place][1], "request_id": "made-up"})
    forger.rebuild(row)
    forger.carry_out()
    (finding,) = found()
    assert finding.kind == "rewritten"
    first, last = (int(word) for word in finding.where.split() if word.isdecimal())
    assert first <= place <= last
    assert last - first < LEAVES_A_HEAD + 3


def test_a_cut_that_takes_along_the_heads_is_seen_by_the_file_and_only_by_it(log, store):
    forger = Forger(seed=1)
    left = 2 * LEAVES_A_HEAD + 1  # where the second head was signed
    for source, record in forger.row()[left:]:
        forger.drop(source, record["_id"])
    forger.rebuild(forger.row()[:left])
    for number in range(2, HEADS):
        forger.drop("audit_heads", number)
    forger.carry_out()
    assert {(one.kind, one.where) for one in found()} == {("cut", f"head {number}") for number in range(2, HEADS)}
    runtime.install(store)  # which names no file
    assert found() == []


def test_a_record_put_in_later_with_an_earlier_time_stands_out_even_when_it_was_chained_and_signed(log, shift_clock):
    past = get_db().audit_entries.find_one({"_id": {"$exists": True}})
    shift_clock(3600)
    fill(3)
    chain()
    forged = {name: value for name, value in past.items() if name not in {"_id", "leaf"}}
    get_db().audit_entries.insert_one({**forged, "pending": True})
    assert (sequencer.run(), tree_head.publish().valid) == (1, True)
    assert [one.kind for one in found()] == ["misdated"]


def test_the_check_goes_on_while_the_log_grows(log, monkeypatch):
    monkeypatch.setattr(verify, "BATCH", 20)
    grown = []

    def grow(_what, _done, _total):
        if len(grown) < 5:
            grown.append(fill(4, seed=len(grown)))
            chain()

    assert list(verify.findings(grow)) == []
    assert len(grown) == 5


class TestMakeAudit:
    def run(self, environment, store, heads=""):
        env = {**os.environ, **environment, "MONGODB_URI": store.settings.mongodb_uri, "AUDIT_HEADS_FILE": heads}
        command = [sys.executable, "-m", "seed", "audit"]
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    def test_a_whole_log_ends_well_and_says_how_much_was_read(self, log, environment, store, tmp_path):
        done = self.run(environment, store, str(tmp_path / "heads.jsonl"))
        assert done.returncode == 0, done.stderr
        assert f"the log is whole: {Forger(1).size} leaves" in done.stdout
        assert "AUDIT_HEADS_FILE" not in done.stdout

    def test_what_is_wrong_is_named_in_both_languages(self, log, environment, store):
        leaf = get_db().audit_leaves.find_one({"_id": 7})
        get_db()[leaf["source"]].update_one({"_id": leaf["record"]}, {"$set": {"request_id": "x"}})
        done = self.run(environment, store)
        assert done.returncode == 1
        assert "edited" in done.stdout
        assert "内容被改动" in done.stdout
        assert str(leaf["record"]) in done.stdout
        assert "a cut that took along the heads" not in done.stdout
