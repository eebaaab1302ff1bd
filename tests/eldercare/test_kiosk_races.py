"""Readings of one session at once: none is lost, none doubled; without the guard one would be."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from models.eldercare import kiosk_session
from models.eldercare.kiosk_session import HealthSession
from tests.eldercare import kiosk_kit
from tests.support.kiosk import reading

elder, kiosk = kiosk_kit.elder, kiosk_kit.kiosk
THREADS = 8


@pytest.fixture
def seated(kiosk, elder):
    kiosk.log_in(elder.code())
    return kiosk


def at_once(app, seated, readings):
    with ThreadPoolExecutor(THREADS) as together:
        twins = [seated.twin(app.test_client()) for _ in readings]
        return list(together.map(lambda twin, one: twin.measure(one)[0], twins, readings))


def test_readings_at_once_are_all_there(app, seated, elder):
    told = at_once(app, seated, [reading("temperature", 36 + number / 10) for number in range(THREADS)])
    assert {one["result"] for one in told} == {"received"}
    assert len(elder.measured()) == THREADS == len({one["observation_id"] for one in told})


def test_one_reading_at_once_from_many_is_one(app, seated, elder):
    one = reading("temperature", 36.6, key="the-same-one")
    told = at_once(app, seated, [one] * THREADS)
    assert sorted(each["result"] for each in told) == ["duplicate"] * (THREADS - 1) + ["received"]
    assert len(elder.measured()) == 1


def test_two_pressures_at_once_are_one_pair(app, seated, elder):
    at_once(app, seated, [reading("blood_pressure", 142 + one % 2, 80) for one in range(THREADS)])
    kept = elder.measured()
    assert [len(one["repeats"]) for one in kept] == [2] * (THREADS // 2)


def test_without_the_guard_one_reading_would_be_there_twice(app, seated, monkeypatch):
    def unguarded(found, one):
        change = {"$push": {"readings": one}, "$inc": {"seq": 1}}
        return bool(HealthSession._get_collection().update_one({"_id": found["_id"]}, change).matched_count)

    monkeypatch.setattr(kiosk_session, "add", unguarded)
    one = reading("temperature", 36.6, key="the-same-one")
    for _ in range(10):
        at_once(app, seated, [one] * THREADS)
        if len(kiosk_session.read(seated.session)["readings"]) > 1:
            return
        HealthSession._get_collection().update_one({"_id": seated.session}, {"$set": {"readings": []}})
    pytest.fail("the race was not seen")
