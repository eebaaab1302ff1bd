"""The base registers as a test of enrolment wants them, and a round under review."""

import pytest

from tests.school import apply_kit, review_kit


@pytest.fixture
def box(registers_box, seeded):
    """The registers without an answer from an earlier test, and without its faults."""
    registers_box.forget()
    yield registers_box
    registers_box.clear()


@pytest.fixture
def opened(box):
    """The registers, while the round of the demonstration is open."""
    apply_kit.open_round()
    return box


@pytest.fixture
def desks(client, seeded):
    """The reviewers of an open round without double review."""
    review_kit.open_round()
    return review_kit.Desks(client)


@pytest.fixture
def family(client, sandbox, box, desks):
    """A family that applies in the round of those reviewers."""
    return review_kit.family(client, sandbox, box)
