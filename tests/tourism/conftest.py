"""Somebody who looks around without logging in, and the staff who keep the places."""

import pytest

from tests.office import conftest as staff

admin, auditor, manager, office = staff.admin, staff.auditor, staff.manager, staff.office


@pytest.fixture
def look(client, seeded):
    """Read what is open to everybody."""

    def get(path, **query):
        answer = client.get(path, query_string=query)
        assert answer.status_code == 200, answer.json
        return answer.json

    return get
