"""An office that writes items, one that agrees, the desks that work on them, and a sure resident."""

import pytest

from tests.affairs import kit


@pytest.fixture
def editor(client, seeded):
    return kit.editor(client)


@pytest.fixture
def manager(client, seeded):
    return kit.manager(client)


@pytest.fixture
def offices(client, seeded):
    return kit.offices(client)


@pytest.fixture
def item(editor, manager, offices):
    """The code of a published item."""
    code = kit.new_code()
    kit.published(editor, manager, code)
    return code


@pytest.fixture
def resident(phone):
    return phone.sure()
