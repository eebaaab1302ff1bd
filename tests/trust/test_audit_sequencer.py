"""One sequencer gives every record its leaf; heads are signed, published and kept outside of the store."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import orjson
import pytest
from bson import ObjectId
from mongoengine.connection import get_db
from pymongo.errors import BulkWriteError

from backend import clock, merkle, outbox, periodic, runtime
from deploy.stack import Stack
from models.audit import canonical, heads_file, sequencer, tree, tree_head, verify
from tests.support import alarms
from tests.support.audit_log import chain, everything, fill, leaves, records
from tests.support.crowd import at_once
from tests.support.queues import drain


@pytest.fixture
def heads(store, tmp_path):
    """The file of heads outside of the store."""
    path = tmp_path / "drop" / "heads.jsonl"
    runtime.install(replace(store, settings=replace(store.settings, audit_heads_file=str(path))))
    yield path
    runtime.install(store)


def lines(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


class TestChaining:
    def test_entries_and_lines_share_one_log_the_oldest_first(self, store):
        fill(40)
        assert chain() == 40
        found = leaves()
        assert [one["_id"] for one in found] == list(range(40))
        by_id = {one["_id"]: one for source in tree.SOURCES for one in records(source)}
        times = [by_id[one["record"]]["at"] for one in found]
        assert times == sorted(times)
        assert {one["source"] for one in found} == set(tree.SOURCES)

    def test_each_leaf_is_the_hash_of_its_record_and_the_root_is_over_all(self, store):
        fill(21)
        chain()
        edge = merkle.Frontier()
        for leaf in leaves():
            record = get_db()[leaf["source"]].find_one({"_id": leaf["record"]})
            assert (record["leaf"], "pending" in record) == (leaf["_id"], False)
            assert canonical.leaf_hash(leaf["source"], record) == leaf["hash"]
            edge.append(leaf["hash"])
        assert tree_head.newest().root == merkle.root(21, tree.read) == edge.root()

    def test_many_batches_are_one_run(self, store, monkeypatch):
        monkeypatch.setattr(sequencer, "BATCH", 7)
        fill(40)
        assert sequencer.run() == 40
        assert chain() == 0
        assert list(verify.findings()) == []

    def test_it_goes_on_where_it_stood(self, store):
        for size in (1, 2, 5, 8):
            fill(size)
            chain()
            assert tree.size() == everything() == tree_head.newest().size
        assert list(verify.findings()) == []

    def test_a_record_is_stored_with_its_effect_and_waits_for_its_leaf(self, store):
        fill(6)
        waiting = [one for source in tree.SOURCES for one in records(source)]
        assert [one["pending"] for one in waiting] == [True] * 6
        assert len({one["salt"] for one in waiting}) == 6
        assert {len(one["salt"]) for one in waiting} == {16}

    def test_what_was_written_before_there_was_a_log_comes_first(self, store):
        old = [{"_id": ObjectId(), "at": clock.now() - timedelta(days=9 - n), "actor": "staff:1"} for n in range(3)]
        get_db().audit_entries.insert_many(old)
        get_db().access_lines.insert_one({"at": clock.now() - timedelta(days=20), "who": "staff:1", "subjects": []})
        fill(3)
        assert chain() == 7
        assert [one["record"] for one in leaves()[1:4]] == [one["_id"] for one in old]
        assert list(verify.findings()) == []
        assert sequencer.adopt() == 0

    def test_what_older_code_writes_later_is_adopted_when_asked(self, store):
        fill(2)
        chain()
        get_db().audit_entries.insert_one({"at": clock.now(), "actor": "staff:1"})
        assert chain() == 0
        assert [one.kind for one in verify.findings()] == ["inserted"]
        assert (sequencer.adopt(), chain()) == (1, 1)
        assert list(verify.findings()) == []

    def test_what_processes_of_the_release_before_write_during_an_upgrade_gets_its_leaf(self, store, shift_clock):
        get_db().audit_entries.insert_one({"at": clock.now(), "actor": "staff:1"})
        assert chain() == 1
        shift_clock(3600)
        get_db().audit_entries.insert_one({"at": clock.now(), "actor": "staff:2"})
        get_db().access_lines.insert_one({"at": clock.now() - timedelta(seconds=50), "who": "staff:1", "subjects": []})
        assert chain() == 2
        assert list(verify.findings()) == []
        shift_clock(sequencer.UPGRADING.total_seconds() + 60)
        assert chain() == 0
        get_db().audit_entries.insert_one({"at": clock.now(), "actor": "staff:3"})
        assert chain() == 0
        assert [one.kind for one in verify.findings()] == ["inserted"]

    def test_a_record_with_an_odd_time_stops_nobody(self, store):
        get_db().audit_entries.insert_one({"at": "x", "actor": "staff:1", "pending": True})
        fill(3)
        assert chain() == 4
        assert "misdated" in {one.kind for one in verify.findings()}


class TestTwoAtOnce:
    def test_every_record_gets_one_leaf_and_the_tree_does_not_fork(self, store, monkeypatch):
        monkeypatch.setattr(sequencer, "BATCH", 5)
        fill(60)
        sequencer.begin()
        chained = at_once([sequencer.run] * 6)
        sequencer.run()
        assert sum(chained) <= 60
        assert [one["_id"] for one in leaves()] == list(range(60))
        assert len({one["record"] for one in leaves()}) == 60
        tree_head.publish()
        assert list(verify.findings()) == []

    def test_the_slow_one_changes_nothing(self, store):
        fill(8)
        sequencer.begin()
        batch = sequencer._batch()
        assert sequencer.run() == 8
        before = leaves(), tree.size()
        with pytest.raises(tree.Overtaken):
            tree.append(0, batch)
        assert (leaves(), tree.size()) == before

    def test_a_record_is_not_chained_twice_at_a_later_size_either(self, store):
        fill(4)
        sequencer.begin()
        batch = sequencer._batch()
        sequencer.run()
        with pytest.raises(BulkWriteError, match="E11000"):
            tree.append(4, batch)
        assert tree.size() == len(leaves()) == 4

    def test_without_the_guard_of_the_size_the_number_of_a_leaf_still_refuses(self, store, monkeypatch):
        fill(4)
        sequencer.begin()
        batch = sequencer._batch()
        sequencer.run()
        monkeypatch.setattr(tree, "advance", lambda *_args: None)
        with pytest.raises(BulkWriteError, match="E11000"):
            tree.append(0, batch)
        assert tree.size() == len(leaves()) == 4

    def test_a_kill_before_the_commit_leaves_nothing_half_done(self, store, monkeypatch):
        fill(9)
        sequencer.begin()

        def die(*_args):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(tree, "UpdateOne", die)  # after leaves and nodes, before the marks
            with pytest.raises(KeyboardInterrupt):
                sequencer.run()
        assert (leaves(), tree.size()) == ([], 0)
        assert chain() == 9
        assert list(verify.findings()) == []

    def test_heads_of_two_at_once_are_one_row_of_numbers(self, store):
        fill(9)
        sequencer.run()
        made = at_once([tree_head.publish] * 6)
        assert len([one for one in made if one]) >= 1
        numbers = [one["_id"] for one in get_db().audit_heads.find().sort("_id", 1).hint("_id_")]
        assert numbers == list(range(len(numbers)))
        assert list(verify.findings()) == []


class TestThePromiseOfAMinute:
    def test_within_a_minute_of_shifted_clock_the_schedule_chains_and_signs(self, store, shift_clock):
        periodic.install()
        fill(5)
        shift_clock(21)
        drain("trust")
        assert (tree.size(), tree_head.newest().size) == (5, 5)
        fill(5)
        shift_clock(42)
        drain("trust")
        assert (tree.size(), tree_head.newest().size) == (10, 10)
        assert not get_db().audit_entries.find_one({"pending": True})

    def test_two_beats_at_once_run_it_once(self, store, shift_clock):
        periodic.install()
        fill(5)
        shift_clock(21)
        assert sum(at_once([partial(outbox.drain, "trust")] * 4)) >= 1
        assert [one["_id"] for one in leaves()] == list(range(5))


class TestHeads:
    def test_an_empty_log_has_a_head_too(self, store):
        chain()
        head = tree_head.newest()
        assert (head.number, head.size, head.root, head.valid) == (0, 0, merkle.EMPTY, True)

    def test_a_log_that_does_not_grow_gets_a_new_head_only_every_hour(self, store, shift_clock):
        fill(3)
        chain()
        chain()
        assert tree_head.newest().number == 0
        shift_clock(3601)
        chain()
        head = tree_head.newest()
        assert (head.number, head.size, head.valid) == (1, 3, True)

    @pytest.mark.parametrize("change", [{"size": 4}, {"timestamp": 1}, {"root": bytes(32)}, {"key_id": 9}])
    def test_a_head_with_anything_else_in_it_is_not_valid(self, store, change):
        fill(3)
        chain()
        assert tree_head.newest().valid
        assert not replace(tree_head.newest(), **change).valid

    def test_after_a_change_of_keys_older_heads_stay_valid_and_the_new_key_signs(self, store):
        fill(2)
        chain()
        old, more = store.audit_keys, runtime.TicketKeys({**store.audit_keys.private, 2: store.ticket_keys.private[1]})
        runtime.install(replace(store, audit_keys=more))
        fill(2)
        chain()
        assert [(one["key_id"]) for one in tree_head.listed(cursor=None, limit=9)[0]] == [2, 1]
        assert list(verify.findings()) == []
        runtime.install(replace(store, audit_keys=old))
        assert "edited" in {one.kind for one in verify.findings()}
        runtime.install(store)

    @pytest.mark.parametrize("leaf", [{"hash": bytes(32)}, None])
    def test_nothing_more_is_signed_over_a_log_that_was_changed(self, store, leaf):
        fill(5)
        chain()
        fill(3)
        sequencer.run()
        if leaf:
            get_db().audit_leaves.update_one({"_id": 4}, {"$set": leaf})
        else:
            get_db().audit_leaves.delete_one({"_id": 4})
        before = alarms.raised("audit_log_cut")
        assert tree_head.publish() is None
        assert (tree_head.newest().size, alarms.raised("audit_log_cut")) == (5, before + 1)


class TestTheFileOutside:
    def test_every_head_is_added_to_it(self, heads):
        for _ in range(3):
            fill(2)
            chain()
        assert [one["tree_size"] for one in lines(heads)] == [2, 4, 6]
        assert lines(heads)[-1] == tree_head.newest().wire()
        assert list(verify.findings()) == []

    def test_what_a_kill_left_out_is_added_at_the_next_time(self, heads, monkeypatch):
        fill(2)
        with monkeypatch.context() as patched:
            patched.setattr(heads_file, "append", lambda _heads: None)
            chain()
        assert not heads.exists()
        chain()
        assert [one["number"] for one in lines(heads)] == [0]

    def test_a_line_that_a_kill_tore_is_written_again(self, heads):
        for _ in range(3):
            fill(2)
            chain()
        whole = heads.read_bytes()
        heads.write_bytes(whole[:-30])
        assert list(verify.findings()) == []
        chain()
        assert heads.read_bytes() == whole[:-30] + b"\n" + whole.splitlines(keepends=True)[-1]
        assert list(verify.findings()) == []

    def test_a_line_that_is_no_head_is_found(self, heads):
        fill(2)
        chain()
        heads.write_bytes(b"{}\n" + heads.read_bytes())
        assert [(one.kind, one.where) for one in verify.findings()] == [("edited", "line 1 of the file of heads")]

    def test_over_a_store_that_was_cut_whole_nothing_more_is_signed(self, heads):
        fill(5)
        chain()
        for name in ("audit_entries", "access_lines", "audit_leaves", "audit_nodes", "audit_heads", "audit_tree"):
            get_db()[name].delete_many({})
        before = alarms.raised("audit_log_cut")
        fill(3)
        chain()
        assert (tree_head.newest(), alarms.raised("audit_log_cut")) == (None, before + 1)
        assert "cut" in {one.kind for one in verify.findings()}
        assert len(lines(heads)) == 1

    def test_over_a_store_that_was_set_back_and_grew_again_nothing_more_is_signed(self, heads):
        fill(5)
        chain()
        names = ("audit_entries", "access_lines", "audit_leaves", "audit_nodes", "audit_heads", "audit_tree")
        kept = {name: list(get_db()[name].find().hint("_id_")) for name in names}
        fill(5, seed=2)
        chain()
        for name in names:
            get_db()[name].delete_many({})
            if kept[name]:
                get_db()[name].insert_many(kept[name])
        fill(8, seed=3)
        before = alarms.raised("audit_log_cut")
        chain()
        assert (tree_head.newest().size, alarms.raised("audit_log_cut")) == (5, before + 1)
        assert {one.kind for one in verify.findings()} == {"cut"}


def test_keys_that_an_older_folder_lacks_are_added_and_the_others_kept(tmp_path):
    secrets = tmp_path / "secrets.env"
    secrets.write_text("FIELD_KEYS=1:a\nBLIND_INDEX_KEY=b\nTICKET_KEYS=1:c\n")
    found = Stack(tmp_path)._secrets()
    assert (found["FIELD_KEYS"], found["BLIND_INDEX_KEY"], found["TICKET_KEYS"]) == ("1:a", "b", "1:c")
    assert found["AUDIT_KEYS"].startswith("1:")
    assert Stack(tmp_path)._secrets() == found
    fresh = Stack(tmp_path / "new")
    fresh.folder.mkdir()
    assert set(fresh._secrets()) >= {"FIELD_KEYS", "BLIND_INDEX_KEY", "TICKET_KEYS", "AUDIT_KEYS", "CODE_KEYS"}
    assert (fresh.folder / "secrets.env").stat().st_mode & 0o077 == 0
