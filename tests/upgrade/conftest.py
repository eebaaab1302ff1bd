"""Stores of their own, in which nothing expires by itself, so that what was counted stays; and the dumps in such."""

import itertools
import json
from dataclasses import dataclass

import pytest
from flask import Flask
from pymongo import MongoClient

import wsgi
from backend import runtime
from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port
from backend.settings import load
from backend.store import connection, migrations
from backend.store.backup import catalogue
from backend.store.backup_file import read_key
from backend.store.restore import restore
from models import upgrades
from tests.conftest import STILL, WORK
from tests.dumps import keys
from tests.support import answers, timeline
from tests.upgrade.old import DUMPS, SOON, old_clerk

_names = itertools.count(1)


@pytest.fixture(scope="session")
def still():
    server = Mongod(WORK / "still", free_port(), options=STILL).start()
    server.initiate()
    yield server
    server.stop()


@pytest.fixture
def uri(still):
    """The URI of an empty database."""
    return still.uri(f"empty_{next(_names)}")


@pytest.fixture
def database(uri):
    """An empty database, connected as mongoengine's too; the service may connect it anew meanwhile."""
    connection.connect(uri, patient=True)
    yield from opened(uri)


@pytest.fixture
def other(still):
    """A second empty database."""
    yield from opened(still.uri(f"other_{next(_names)}"))


def opened(uri):
    with MongoClient(uri, **connection.OPTIONS) as client:
        database = client.get_default_database()
        yield database
        client.drop_database(database.name)


@dataclass(frozen=True)
class Upgraded:
    """A dump that was restored and upgraded, and what was said meanwhile."""

    refusal: str
    first: list[str]
    second: list[str]
    unchanged: bool
    app: Flask


@pytest.fixture(scope="module", params=DUMPS, ids=[path.stem for path in DUMPS])
def dump(request):
    return request.param


@pytest.fixture(scope="module")
def story(dump):
    return json.loads(dump.with_suffix(".story.json").read_text())


@pytest.fixture(scope="module")
def upgraded(dump, story, still, environment):
    address = {"PUBLIC_BASE_URL": story["base"]} if "base" in story else {}
    told = load({**environment, **keys.SERVICE, **address, "MONGODB_URI": still.uri(f"dump_{dump.stem}")})
    with MongoClient(told.mongodb_uri, **connection.OPTIONS) as client:
        db = client.get_default_database()
        restore(db, dump, read_key(keys.BACKUP))
        refusal = _refusal(told.mongodb_uri)
        runtime.compose(told).redis.flushdb()
        first, before = upgrades.upgrade(), _form(db)
        second = upgrades.upgrade()
        app = answers.watch(wsgi.create_app(told, wsgi.SURFACES, wsgi.AUTHENTICATORS, title="dumps"))
        yield Upgraded(refusal, first, second, _form(db) == before, app)
        client.drop_database(db.name)


def _refusal(uri: str) -> str:
    try:
        upgrades.require_current(uri)
    except migrations.UpgradePending as refused:
        return str(refused)
    return ""


def _form(db):
    return catalogue(db), db.schema_state.find_one({"_id": migrations.SCHEMA})


@pytest.fixture(scope="module")
def sessions(dump):
    """The tokens of a dump's staff by their secrets: a one-time code is good once."""
    return {}


@pytest.fixture
def logged_in(client, sessions):
    """Return somebody of the staff who is logged in, by what the story kept of them."""

    def seated(told):
        clerk = old_clerk(client, told)
        if clerk.secret not in sessions:
            sessions[clerk.secret] = clerk.log_in().token
        clerk.token = sessions[clerk.secret]
        return clerk

    return seated


@pytest.fixture
def client(upgraded, story, shift_clock):
    """Today's app on the upgraded store, a few minutes after the story was told."""
    shift_clock(story["told_at"] + SOON - timeline.unshifted())
    return upgraded.app.test_client()
