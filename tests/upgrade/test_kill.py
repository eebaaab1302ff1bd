"""SIGKILL of the store, of a restore, of an upgrade: nothing acknowledged is lost, and the next run ends the work."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from pymongo import MongoClient

import wsgi
from backend import clock, runtime
from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port
from backend.settings import load
from backend.store import connection, migrations
from backend.store.backup import catalogue
from models import upgrades
from seed import county_data
from tests.architecture.house import ROOT
from tests.dumps import keys
from tests.support.patience import until
from tests.support.phone import Phone
from tests.support.verifier import verify as verify_ticket
from tests.upgrade import slow_upgrade
from tests.upgrade.conftest import STILL
from tests.upgrade.test_backup import content

pytestmark = [pytest.mark.processes, pytest.mark.soak]
KEY = keys.BACKUP


def seed(*arguments: str, uri: str, **more: str) -> subprocess.CompletedProcess:
    env = {**os.environ, **KEY, **more, "MONGODB_URI": uri, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "seed", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def mortal(tmp_path):
    """A store of one's own to kill."""
    server = Mongod(tmp_path / "mortal", free_port(), options=STILL).start()
    server.initiate()
    yield server
    server.stop()


def serve(environment, uri: str):
    """Today's app on a store."""
    settings = load({**environment, **keys.SERVICE, "MONGODB_URI": uri})
    runtime.compose(settings).redis.flushdb()
    upgrades.upgrade()
    return wsgi.create_app(settings, wsgi.SURFACES, wsgi.AUTHENTICATORS, title="kill").test_client()


def lived(client, sandbox) -> tuple[Phone, list[dict]]:
    """Book and pay; return the phone and what it was shown of every acknowledged order."""
    county_data.load(with_demo=True)
    phone = Phone(client, sandbox).ready()
    bought = [phone.issued(phone.free_slot("pingshan"), (phone.companion(), "adult")) for _ in range(5)]
    bought.append(phone.issued(phone.free_slot("museum")))
    return phone, [phone.order(one["id"]) for one in bought]


def test_killed_backed_up_and_restored_into_an_empty_store_everything_is_there(
    environment, sandbox, mortal, other, tmp_path
):
    phone, before = lived(serve(environment, mortal.uri("city")), sandbox)
    mortal.child.kill(signal.SIGKILL)
    mortal.child.popen.wait(10)
    mortal.start()
    until(mortal.is_primary, what="the primary")
    path, target = tmp_path / "city.backup", other.client.get_default_database()
    uri = f"mongodb://{other.client.address[0]}:{other.client.address[1]}/{target.name}?replicaSet=rs0"
    saved = seed("backup", str(path), uri=mortal.uri("city"))
    assert saved.returncode == 0, saved.stdout + saved.stderr
    put_back = seed("restore", str(path), uri=uri)
    assert put_back.returncode == 0, put_back.stdout + put_back.stderr

    with MongoClient(mortal.uri("city"), tz_aware=True) as source:
        assert content(target) == content(source.city)
        assert catalogue(target) == catalogue(source.city)
    again = phone.twin(serve(environment, uri))
    assert [again.order(one["id"]) for one in before] == before  # names and document numbers are opened for this
    assert {visitor["name"] for one in before for visitor in one["visitors"]} == {"张**", "李*"}
    published = again.get("/public/v1/ticket-keys").json["items"]
    tickets = [ticket for one in before for ticket in one["tickets"]]
    assert [verify_ticket(one["code"], published).ticket for one in tickets] == [one["id"] for one in tickets]


# A restore


@pytest.fixture
def large(database, tmp_path):
    """A backup whose restore takes long enough to be killed in it."""
    for first in range(0, 60_000, 20_000):
        database.things.insert_many([{"_id": n, "text": f"{n:0500}"} for n in range(first, first + 20_000)])
    database.things.create_index([("text", 1)], unique=True)
    path = tmp_path / "large.backup"
    assert seed("backup", str(path), uri=uri_of(database)).returncode == 0
    return path


def uri_of(database) -> str:
    host, port = database.client.address
    return f"mongodb://{host}:{port}/{database.name}?replicaSet=rs0"


def test_a_restore_that_is_killed_leaves_a_store_that_nobody_serves_and_the_next_one_ends_it(
    large, database, other, environment
):
    env = {**os.environ, **KEY, "MONGODB_URI": uri_of(other), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "seed", "restore", str(large)]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as victim:
        until(lambda: other.things.estimated_document_count() > 0, what="the first documents")
        victim.send_signal(signal.SIGKILL)
    assert victim.returncode == -signal.SIGKILL
    assert migrations.half_restored(other)
    service = {**environment, **keys.SERVICE}
    for refused in (
        seed("upgrade", uri=uri_of(other), **service),
        seed("backup", str(large.with_name("half.backup")), uri=uri_of(other)),
    ):
        assert refused.returncode != 0
        assert "restore" in refused.stdout + refused.stderr
    assert "a restore was not finished" in start(service, uri_of(other)).stderr
    run_out(other, "restore")
    done = seed("restore", str(large), uri=uri_of(other))
    assert done.returncode == 0, done.stdout + done.stderr
    assert content(other) == content(database)
    assert [one for one in catalogue(other) if one["name"] != "schema_state"] == catalogue(database)
    assert "pending; run `make upgrade`" in start(service, uri_of(other)).stderr


def start(service: dict, uri: str) -> subprocess.CompletedProcess:
    """Start the API's process on a store."""
    env = {**os.environ, **service, "MONGODB_URI": uri, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import wsgi; wsgi.app"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def run_out(db, record: str) -> None:
    """Let the lease of a killed process run out at once."""
    db.schema_state.update_one({"_id": record}, {"$set": {"lock.until": clock.now() - timedelta(days=1)}})


# An upgrade


def test_an_upgrade_that_is_killed_is_taken_up_by_the_next_one(database):
    database.things.insert_one({"_id": "hold"})
    command = [sys.executable, "-m", "tests.upgrade.slow_upgrade", uri_of(database)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as victim:
        until(lambda: database.things.find_one({"_id": slow_upgrade.HOLDS_AT}), what="the middle of the upgrade")
        victim.send_signal(signal.SIGKILL)
    connection.connect(uri_of(database))
    with pytest.raises(migrations.UpgradePending, match=r"migration 2 \(second\)"):
        migrations.require_current(slow_upgrade.MIGRATIONS)
    database.things.delete_one({"_id": "hold"})
    run_out(database, "schema")
    assert migrations.upgrade(slow_upgrade.MIGRATIONS)[0] == "migration 2 (second)"
    runs = {one["_id"]: one["runs"] for one in database.things.find({"_id": {"$in": ["first", "second"]}})}
    assert runs == {"first": 1, "second": 2}
    wide = [one["wide"] for one in database.things.find({"_id": {"$gte": 0}}).sort("_id", 1) if "wide" in one]
    assert wide == list(range(slow_upgrade.STEPS))
    assert migrations.require_current(slow_upgrade.MIGRATIONS) is None


def test_who_upgrades_next_waits_for_a_killed_one_at_most_as_long_as_its_lease(database):
    """A lease ends by the store's own clock."""
    connection.connect(uri_of(database))
    database.schema_state.insert_one(
        {"_id": "schema", "lock": {"owner": "gone", "token": "x", "until": datetime.now(UTC) + timedelta(seconds=1)}}
    )
    heard = []
    done = migrations.upgrade(slow_upgrade.MIGRATIONS, waiting=heard.append)
    assert set(heard) == {"gone"}
    assert done[:2] == ["migration 1 (first)", "migration 2 (second)"]
