"""Those whom most tests of the health view need: an administrator, the village's doctor, an elder, her daughter."""

import pytest

from tests.eldercare import ground
from tests.office import conftest as staff

admin = staff.admin


@pytest.fixture
def doctor(client, admin):
    """The village doctor of Tantou."""
    return ground.doctor(client, admin)


@pytest.fixture
def stranger(client, admin):
    """The village doctor of another village."""
    return ground.doctor(client, admin, ground.OTHER_CLINIC)


@pytest.fixture
def carer(client, admin):
    """A care worker of the home in Tantou."""
    return ground.doctor(client, admin, ground.HOME, "care_worker")


@pytest.fixture
def elder(doctor):
    """An elder of Tantou, born in 1948."""
    return ground.enrolled(doctor)


@pytest.fixture
def daughter(client, sandbox, elder):
    """The elder's daughter, who may see her health."""
    return ground.daughter(client, sandbox, elder)
