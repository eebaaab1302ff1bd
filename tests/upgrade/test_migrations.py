"""Migrations: numbered, in order, once, under a lease; a store that is not ready is refused with what to do."""

import ast
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest
from pymongo import ASCENDING

from backend import clock, outbox
from backend.store import connection, indexes, migrations
from backend.store.lease import Lease, LeaseHeld, LeaseLost
from backend.store.migrations import Migration, UpgradePending
from models.upgrades import MIGRATIONS, documents
from tests.architecture.house import ROOT, sources, tree
from tests.support.crowd import at_once
from tests.support.patience import until


@pytest.fixture(scope="module")
def built(still):
    """A database with all indexes; building them for every test would take the most of its time."""
    documents.load()
    client = connection.connect(still.uri("migrations"), patient=True)
    indexes.ensure()
    return client.get_default_database()


@pytest.fixture
def db(built):
    built.schema_state.delete_many({})
    built.drop_collection("things")
    return built


def noting(number, told, **options):
    """Return a migration that notes its run."""
    return Migration(number, f"step {number}", lambda _db, _step: told.append(number), **options)


def state(db):
    return db.schema_state.find_one({"_id": "schema"})


def test_migrations_run_in_order_and_once(db):
    told = []
    steps = [noting(1, told), noting(2, told)]
    assert migrations.upgrade(steps) == ["migration 1 (step 1)", "migration 2 (step 2)"]
    assert migrations.upgrade([*steps, noting(3, told)]) == ["migration 3 (step 3)"]
    assert migrations.upgrade([*steps, noting(3, told)]) == []
    assert told == [1, 2, 3]
    assert [line["number"] for line in state(db)["applied"]] == [1, 2, 3]
    assert all(line["at"] <= clock.now() for line in state(db)["applied"])
    assert "lock" not in state(db)


def test_one_that_fails_stays_due_and_those_before_it_are_not_run_again(db):
    told, broken = [], [True]

    def second(_db, _step):
        if broken:
            raise ZeroDivisionError
        told.append(2)

    steps = [noting(1, told), Migration(2, "second", second)]
    with pytest.raises(ZeroDivisionError):
        migrations.upgrade(steps)
    assert migrations.pending(steps) == ["migration 2 (second)"]
    broken.clear()
    assert migrations.upgrade(steps) == ["migration 2 (second)"]
    assert told == [1, 2]


def test_a_store_is_refused_while_something_is_due_and_taken_afterwards(db):
    steps = [noting(1, []), noting(2, [])]
    with pytest.raises(UpgradePending) as refused:
        migrations.require_current(steps)
    assert str(refused.value) == ("The store is not ready: migration 1 (step 1) and 1 more pending; run `make upgrade`")
    migrations.upgrade(steps)
    assert migrations.require_current(steps) is None


def test_a_lacking_index_is_due_and_is_built(db):
    migrations.upgrade([])
    db.orders.drop_index("outbox_due")
    assert migrations.pending([]) == ["index orders.outbox_due"]
    with pytest.raises(UpgradePending, match=r"index orders\.outbox_due pending"):
        migrations.require_current([])
    assert migrations.upgrade([]) == ["index orders.outbox_due"]
    assert migrations.pending([]) == []


def test_an_index_with_other_options_needs_a_migration_that_drops_it(db):
    fields = [(name, ASCENDING) for name in outbox.INDEX["fields"]]
    db.orders.drop_index("outbox_due")
    db.orders.create_index(fields, name="outbox_due")  # not sparse
    try:
        with pytest.raises(indexes.IndexDiffers, match="orders"):
            migrations.upgrade([])
        drop = Migration(1, "outbox sparse", lambda store, _step: store.orders.drop_index("outbox_due"))
        migrations.upgrade([drop])
        assert db.orders.index_information()["outbox_due"]["sparse"] is True
    finally:
        if "sparse" not in db.orders.index_information().get("outbox_due", {}):
            db.orders.drop_index("outbox_due")
            indexes.ensure()


def test_the_previous_release_serves_on_what_the_next_one_widened(db):
    old, new = [noting(1, [])], [noting(1, []), noting(2, [])]
    migrations.upgrade(new)
    assert migrations.require_current(old) is None
    assert migrations.upgrade(old) == []


def test_a_release_that_cannot_read_the_store_any_more_is_refused(db):
    old, new = [noting(1, [])], [noting(1, []), noting(2, []), noting(3, [], min_reader=2)]
    migrations.upgrade(new)
    assert migrations.require_current(new[:2]) is None
    with pytest.raises(UpgradePending, match="a newer release changed it"):
        migrations.require_current(old)


@pytest.mark.parametrize(
    "steps",
    [[noting(2, []), noting(1, [])], [noting(1, []), noting(1, [])], [noting(0, [])], [noting(1, [], min_reader=1)]],
)
def test_a_list_that_would_do_harm_is_refused_before_anything_is_done(db, steps):
    with pytest.raises(ValueError, match="migrations"):
        migrations.upgrade(steps)
    assert state(db) is None


def test_progress_is_told(db):
    heard = []
    migrations.upgrade(
        [Migration(1, "long", lambda _db, step: [step(done, 3) for done in range(3)])],
        lambda what, done, total: heard.append((what, done, total)),
    )
    assert heard[:4] == [("migration 1 (long)", done, 3) for done in range(3)] + [("migration 1 (long)", 1, 1)]
    assert any(what.startswith("indexes of orders") for what, *_ in heard)


# Two at once


def counting(db, others: int):
    """Return a migration that is caught by a second run, if one gets in: it waits a while for company."""

    def run(store, _step):
        store.things.update_one({"_id": "runs"}, {"$inc": {"n": 1}}, upsert=True)
        deadline = clock.timestamp() + 0.5
        while clock.timestamp() < deadline and store.things.find_one({"_id": "runs"})["n"] < others:
            pass

    return [Migration(1, "counted", run)]


def upgrades_at_once(db, number: int) -> list[list[str]]:
    return at_once([lambda: migrations.upgrade(counting(db, number))] * number)


def test_of_two_upgrades_at_once_one_does_the_work_and_the_other_waits_for_it(db):
    done = upgrades_at_once(db, 2)
    assert sorted(done) == [[], ["migration 1 (counted)"]]
    assert db.things.find_one({"_id": "runs"})["n"] == 1


def test_without_the_lease_both_would_do_it(db, monkeypatch):
    @contextmanager
    def free(lease, **_options):
        lease.check = lambda: None
        lease.write = lambda change: db.schema_state.update_one({"_id": "schema"}, change, upsert=True)
        yield lease

    monkeypatch.setattr(Lease, "held", free)
    upgrades_at_once(db, 2)
    assert db.things.find_one({"_id": "runs"})["n"] == 2


def test_one_that_waits_too_long_says_who_is_at_work(db):
    with Lease(db.schema_state, "schema").held(wait_seconds=0):
        with pytest.raises(LeaseHeld, match=r"process \d+ is at work"):
            migrations.upgrade([noting(1, [])], wait_seconds=0)
        heard = []
        with pytest.raises(LeaseHeld):
            migrations.upgrade([noting(1, [])], wait_seconds=0.1, waiting=heard.append)
    assert re.search(r"process \d+", heard[0])
    assert migrations.upgrade([noting(1, [])], wait_seconds=0)


# The lease

SHORT = timedelta(milliseconds=400)


def test_a_lease_is_renewed_for_as_long_as_the_work_takes(db):
    with Lease(db.schema_state, "schema", lasts=SHORT).held(wait_seconds=0) as lease:
        first = state(db)["lock"]["until"]
        until(lambda: state(db)["lock"]["until"] > first + 2 * SHORT, what="two renewals")
        lease.check()
        lease.write({"$set": {"seen": 1}})
        with pytest.raises(LeaseHeld), Lease(db.schema_state, "schema").held(wait_seconds=0):
            pass
    assert state(db) == {"_id": "schema", "seen": 1}


def test_who_stood_still_for_longer_than_the_lease_may_not_write_on(db):
    slow = Lease(db.schema_state, "schema", lasts=SHORT)
    with slow.held(wait_seconds=0):
        db.schema_state.update_one({"_id": "schema"}, {"$set": {"lock.until": clock.now() - timedelta(days=1)}})
        with Lease(db.schema_state, "schema").held(wait_seconds=1):
            with pytest.raises(LeaseLost):
                slow.write({"$set": {"late": True}})
            until(lambda: raises(LeaseLost, slow.check), what="the slow one to notice")
    assert "late" not in state(db)


def raises(kind, call) -> bool:
    try:
        call()
    except kind:
        return True
    return False


# The list of the county


def test_every_migration_is_listed_under_the_number_of_its_file():
    files = sorted(path.stem for path in (ROOT / "models" / "upgrades").glob("m*.py"))
    listed = [(one.number, sys.modules[one.run.__module__].__name__.rpartition(".")[2]) for one in MIGRATIONS]
    assert [name for _, name in listed] == files
    assert [number for number, _ in listed] == [int(name[1:5]) for name in files]
    assert [number for number, _ in listed] == list(range(1, len(files) + 1))


def test_an_upgrade_knows_every_document_of_the_tree():
    """In a process of its own: here, other tests may have imported what the upgrade forgets."""
    code = (
        "from models.upgrades import documents; documents.load(); from backend.store import indexes;"
        "print(*[kind.__name__ for kind in indexes.documents()])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    declared = {
        node.name
        for path in [*sources("backend"), *sources("models")]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") == "Document" for base in node.bases)
    }
    assert len(declared) > 20
    assert declared - set(done.stdout.split()) == set()
