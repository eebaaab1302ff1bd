"""The registers, a garment firm that has joined, and the policy office."""

import pytest

from tests.enterprise import kit, payout_kit


@pytest.fixture
def box(registers_box, seeded):
    """The registers without an answer from an earlier test, and without its faults."""
    registers_box.forget()
    yield registers_box
    registers_box.clear()


@pytest.fixture
def garments(client, sandbox, box):
    """A small garment firm with everything in order, known to all registers, that has joined here."""
    made = kit.joined(client, sandbox)
    kit.known(box, made)
    return made


@pytest.fixture
def clerk(client, seeded):
    return kit.clerk(client)


@pytest.fixture
def manager(client, seeded):
    return kit.manager(client)


@pytest.fixture
def bank(bank_box):
    """The bank without accounts, files and faults of an earlier test."""
    bank_box.forget()
    bank_box.clear()
    yield bank_box
    bank_box.clear()


@pytest.fixture
def finance(client, seeded, bank):
    """Two of finance."""
    return payout_kit.finance(client), payout_kit.finance(client)
