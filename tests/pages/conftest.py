"""A public page in a browser: the service on a port, somewhere to look at it from, and places with crowds."""

import pytest

from backend import clock
from backend.http import limits
from models.crowd import state
from models.crowd.spot import Spot
from tests.support.browser import Tab
from tests.tourism.crowd_kit import fill

pytest.register_assert_rewrite("tests.pages.checks")


@pytest.fixture(autouse=True)
def without_limits():
    """One address looks at everything here, many times a minute."""
    limits.multiply(1_000)
    yield
    limits.multiply(1)


@pytest.fixture
def crowds(seeded, travel):
    """One place of each level, at ten in the morning."""
    travel(clock.today().isoformat(), "10:00")
    fill(120)
    fill(2200, spot=Spot("park"))
    state.ensure(Spot("pingshan"))
    return seeded


@pytest.fixture
def tabs(chromium, door):
    """Open a path of the service in a fresh tab."""
    opened = []

    def go(path, **options):
        opened.append(Tab(chromium, **options))
        return opened[-1].open(door.base + path)

    yield go
    for tab in opened:
        tab.__exit__()


@pytest.fixture
def visit(crowds, tabs):
    """Open a path of the service in a fresh tab, where there are crowds."""
    return tabs
