"""Dense samples of a wearable: hourly buckets, each sample once in whatever parts it comes, roll-ups, excursions."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import clock
from models.eldercare import bucket, excursion, wearing
from models.eldercare.bucket import HealthBucket, Part
from models.eldercare.bucket_day import HealthSampleDay
from models.eldercare.measuring_rules import Bounds
from tests.eldercare import kiosk_kit
from tests.eldercare.kiosk_kit import observations
from tests.support import queues
from tests.support.kiosk import UNIT, series
from tests.support.phone import Phone

elder, band = kiosk_kit.elder, kiosk_kit.band
HOURS = timedelta(hours=1)


@pytest.fixture
def whose(elder):
    return kiosk_kit.cared(elder.person, UNIT)


@pytest.fixture
def worn(band, whose, shift_clock):
    """The band on the elder's wrist, three hours later."""
    wearing.begin(band.id, whose, "staff:test")
    shift_clock(3 * 3600)
    return band


def hour(back: int = 1):
    """Return the beginning of an hour some hours ago."""
    now = clock.now()
    return now.replace(minute=0, second=0, microsecond=0) - back * HOURS


def buckets(subject_id) -> list[dict]:
    return list(HealthBucket._get_collection().find({"subject": subject_id, "quantity": {"$gte": ""}}).sort("hour", 1))


def test_an_hour_is_one_document_with_its_figures(worn, whose):
    (told,) = worn.send(series(hour(), [70, 74, 72]))
    assert told == {"result": "received", "stored": 3, "known": 0, "unworn": 0}
    (found,) = buckets(whose)
    assert (found["seconds"], found["values"]) == ([0, 60, 120], [70, 74, 72])
    assert [found[name] for name in ("count", "total", "least", "most", "last")] == [3, 216, 70, 74, 120]


def test_a_series_over_the_hour_is_two_documents(worn, whose):
    worn.send(series(hour() + timedelta(minutes=58), [70, 71, 72, 73]))
    assert [(one["seconds"], one["count"]) for one in buckets(whose)] == [([3480, 3540], 2), ([0, 60], 2)]


def test_an_upload_again_stores_nothing(worn, whose):
    one = series(hour(), [70, 74, 72])
    worn.send(one)
    assert worn.send(one) == [{"result": "received", "stored": 0, "known": 3, "unworn": 0}]
    assert buckets(whose)[0]["count"] == 3


def test_samples_in_any_parts_and_order_are_each_there_once(worn, whose):
    start, values = hour(2), [60 + number % 30 for number in range(50)]
    parts = [(first, first + length) for first in range(0, 50, 7) for length in (5, 12)]
    random.Random(3).shuffle(parts)
    for first, last in parts:
        worn.send(series(start + timedelta(minutes=first), values[first:last]))
    (found,) = buckets(whose)
    assert found["seconds"] == [60 * number for number in range(50)]
    assert found["values"] == values
    assert (found["count"], found["total"]) == (50, sum(values))


def test_the_first_value_of_a_second_stands(worn, whose):
    worn.send(series(hour(), [70]))
    worn.send(series(hour(), [99]))
    assert buckets(whose)[0]["values"] == [70]


def test_uploads_at_once_lose_and_double_nothing(app, worn, whose):
    start = hour()
    uploads = [series(start + timedelta(minutes=first), [70] * 10) for first in range(0, 50, 5)] * 2
    with ThreadPoolExecutor(8) as together:
        list(together.map(lambda one: worn.twin(app.test_client()).send(one), uploads))
    (found,) = buckets(whose)
    assert found["seconds"] == [60 * number for number in range(55)]
    assert found["count"] == 55


def test_without_its_guard_a_push_would_store_samples_twice(worn, whose, monkeypatch):
    guarded = bucket._pushed

    def unguarded(part: Part):
        change = guarded(part)
        change._filter = {"_id": part.id}
        return change

    monkeypatch.setattr(bucket, "_pushed", unguarded)
    for _ in range(2):
        worn.send(series(hour(), [70, 71]))
    assert buckets(whose)[0]["count"] == 4


def test_samples_belong_to_who_wore_it_then(worn, whose, elder, client, sandbox, shift_clock):
    changed = clock.now()
    wearing.end(worn.id, whose, "staff:test")
    other = kiosk_kit.cared(elder_of(client, sandbox), UNIT)
    wearing.begin(worn.id, other, "staff:test")
    shift_clock(4 * 3600)
    (told,) = worn.send(series(changed - timedelta(seconds=100), [70, 71, 72, 73, 74]))
    assert told["stored"] == 5
    assert [sum(one["count"] for one in buckets(each)) for each in (whose, other)] == [2, 3]


def elder_of(client, sandbox):
    phone = Phone(client, sandbox).ready("19480203").sure("verified")
    return kiosk_kit.person_of(phone)


def test_what_nobody_wore_is_counted_and_not_kept(band, whose):
    assert band.send(series(hour(), [70, 71]))[0]["unworn"] == 2
    assert buckets(whose) == []


def test_a_band_that_is_not_registered_as_one_is_refused(client, seeded):
    other = kiosk_kit.Kiosk(client)
    assert other.call("POST", "/gate/v1/health/samples", {"device_time": "x"}).status_code == 403


WRONG = {
    "form": {"more": 1},
    "quantity": {"quantity": "height"},
    "unit": {"unit": "furlong"},
    "start": {"start": "2026-11-20T09:00:00"},
    "seconds": {"seconds": [0, 0, 1]},
    "values": {"values": [70, 71]},
}


@pytest.mark.parametrize("reason", sorted(WRONG))
def test_a_series_that_cannot_be_read_stops_no_other(worn, whose, reason):
    wrong, good = worn.send({**series(hour(), [70, 71, 72]), **WRONG[reason]}, series(hour(), [80]))
    assert (wrong["result"], wrong["reason"], good["stored"]) == ("malformed", reason, 1)


@pytest.mark.parametrize("raw", [None, 3, [], {}, {"quantity": []}])
def test_whatever_comes_as_a_series_is_no_error_of_ours(worn, raw):
    assert worn.send(raw)[0]["result"] == "malformed"


@pytest.mark.parametrize("values", [[True], ["70"], [None], [1e300], [[70]]])
def test_only_numbers_are_samples(worn, values):
    assert worn.send(series(hour(), values))[0]["reason"] == "values"


def test_samples_of_tomorrow_are_refused(worn, whose):
    assert worn.send(series(clock.now() + timedelta(hours=1), [70]))[0]["reason"] == "start"


def test_fahrenheit_is_kept_as_celsius(worn, whose):
    worn.send({**series(hour(), [98.6], quantity="temperature"), "unit": "[degF]"})
    assert buckets(whose)[0]["values"] == [37.0]


def test_a_day_is_rolled_up_after_its_hours_and_again_for_what_comes_late(worn, whose, shift_clock):
    worn.send(series(hour(0), [70, 80]))
    queues.drain("care")
    assert HealthSampleDay._get_collection().find_one({"subject": whose, "quantity": "heart_rate"}) is None
    at = hour(0)
    shift_clock(3 * 3600 + 7200)
    queues.drain("care")
    (day,) = HealthSampleDay._get_collection().find({"subject": whose, "quantity": "heart_rate"})
    assert (day["count"], day["mean"], day["hours"][0]["hour"]) == (2, 75, clock.civil(at).hour)
    worn.send(series(at + timedelta(minutes=30), [90]))
    queues.drain("care")
    (day,) = HealthSampleDay._get_collection().find({"subject": whose, "quantity": "heart_rate"})
    assert (day["count"], day["most"], day["mean"]) == (3, 90, 80)


def test_a_running_hour_asks_for_its_roll_up_once(worn, whose):
    for second in range(5):
        worn.send(series(hour(0) + timedelta(seconds=second), [70]))
    assert [one["task"] for one in buckets(whose)[0]["outbox"]] == ["eldercare.roll_up"]


@pytest.mark.parametrize(("minutes", "kept"), [(5, 0), (6, 1), (40, 1)])
def test_many_samples_beyond_a_bound_are_one_measurement_if_they_last(worn, whose, minutes, kept):
    worn.send(series(hour(), [72, 75, *[155] * minutes, 80]))
    queues.drain("care")
    assert len(observations(whose, "heart_rate")) == kept


def test_the_measurement_is_the_median_and_says_how_long(worn, whose):
    worn.send(series(hour(), [150, 151, 190, 152, 153, 151, 152]))
    queues.drain("care")
    (found,) = observations(whose)
    assert (found["values"], found["flags"]) == ({"heart_rate": 152}, ["sustained"])
    assert found["context"] == {"excursion": "high", "minutes": 6, "samples": 7}
    assert (found["source"]["kind"], found["source"]["device"]) == ("wearable", worn.id)


def test_an_excursion_in_many_uploads_and_over_the_hour_is_one(worn, whose):
    start = hour() - timedelta(minutes=20)
    for minute in range(0, 40, 4):
        worn.send(series(start + timedelta(minutes=minute), [40] * 4))
        queues.drain("care")
    assert len(observations(whose)) == 1


def test_a_pause_of_the_band_makes_it_another_one(worn, whose):
    worn.send(series(hour(2) + timedelta(minutes=50), [155] * 8))
    worn.send(series(hour(1) + timedelta(minutes=20), [155] * 8))
    queues.drain("care")
    assert len(observations(whose)) == 2


@pytest.mark.parametrize(
    ("quantity", "value", "kept"),
    [
        ("heart_rate", 150, 1),
        ("heart_rate", 149, 0),
        ("heart_rate", 45, 1),
        ("heart_rate", 46, 0),
        ("oxygen_saturation", 91, 1),
        ("oxygen_saturation", 92, 0),
        ("temperature", 39.1, 1),
        ("temperature", 39.0, 0),
    ],
)
def test_bounds_hold_on_both_sides(worn, whose, quantity, value, kept):
    worn.send(series(hour(), [value] * 8, quantity=quantity))
    queues.drain("care")
    assert len(observations(whose)) == kept


@given(st.lists(st.integers(30, 200), min_size=1, max_size=60))
def test_runs_cover_exactly_the_samples_beyond_a_bound(values):
    samples = [(clock.now() + timedelta(minutes=number), float(value)) for number, value in enumerate(values)]
    bounds = Bounds(45, 150)
    found = list(excursion.runs(samples, bounds, timedelta(minutes=10)))
    assert [value for run in found for value in run.values] == [v for _, v in samples if bounds.side(v)]
    assert all(bounds.side(value) == run.side for run in found for value in run.values)
