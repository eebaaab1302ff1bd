"""The world of a module."""

import pytest

from backend.http import limits
from tests.matrix.rules import Sender
from tests.matrix.spec import operations
from tests.matrix.world import World
from tests.support import county, seals

WITHOUT_LIMITS = 10_000


@pytest.fixture(scope="module")
def world(app, parts, sandbox):
    """Everybody and everything, made once; each cell puts back what it changed."""
    parts.redis.flushdb()
    county.clear()
    county.put()
    limits.multiply(WITHOUT_LIMITS)
    made = World(app, sandbox)
    yield made
    limits.multiply(1)
    assert seals.wrong() == [], "what lies in the store is not as it is declared"


@pytest.fixture(scope="module")
def described(app):
    """The operations of the OpenAPI file."""
    return operations(app.test_client().get("/openapi.json").json)


@pytest.fixture(scope="module")
def send(world):
    """Sends a cell, and puts the world back where it changed something."""
    return Sender(world)
