"""Stores of their own, in which nothing expires by itself, so that what was counted stays."""

import itertools

import pytest
from pymongo import MongoClient

from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port
from backend.store import connection
from tests.conftest import STILL, WORK

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
