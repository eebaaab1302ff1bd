"""Processes of these tests run on the machine's clock, as in production; so do the tests."""

import pytest

from tests.support import timeline


@pytest.fixture(autouse=True, scope="module")
def machines_clock():
    with timeline.kept():
        timeline.of_the_machine()
        yield
