"""Staff for the tests of cards, and a card centre whose faults end with the test that set them."""

import pytest

from tests.office.conftest import on_duty
from tests.support import cards
from tests.trust import conftest as staff

admin, counter, security = staff.admin, staff.counter, staff.security


@pytest.fixture(autouse=True)
def lucky_centre(request):
    """The card centre without faults, where a test has one."""
    yield
    if "card_centre_box" in request.fixturenames:
        request.getfixturevalue("card_centre_box").clear()


@pytest.fixture
def mine(client, seeded, sandbox):
    """The phone of a verified person."""
    return cards.holder(client, sandbox)


@pytest.fixture
def hotline(client, admin):
    """A clerk of the hotline."""
    return on_duty(client, "hotline", lambda: cards.clerk(admin, "hotline_clerk"))


@pytest.fixture
def card_manager(client, admin):
    """A manager of the cards."""
    return on_duty(client, "card_manager", lambda: cards.clerk(admin, "card_manager"))
