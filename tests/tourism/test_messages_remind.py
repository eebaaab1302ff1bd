"""Reminders: the evening before and some hours before, once for each order, in batches that a kill resumes."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, outbox
from models.booking.order import Order
from models.messaging import notice
from models.places import remind
from tests.support.queues import drain

TOMORROW = 1


@pytest.fixture(autouse=True)
def daytime(seeded, travel):
    """The morning of tomorrow, after everything was put: every later moment of the tests lies ahead."""
    travel((clock.today() + timedelta(days=1)).isoformat(), "06:00")


@pytest.fixture
def orders(seeded):
    """Put orders of a day directly: what the engine stores of an issued order, as far as reminders read it."""

    def put(count: int, place: str = "pingshan", *, start: int = 540, days: int = TOMORROW, state: str = "issued"):
        day = (clock.today() + timedelta(days=days)).isoformat()
        made = [
            {
                "_id": ObjectId(),
                "account": ObjectId(),
                "place": place,
                "slot": f"{place}-{day.replace('-', '')}-{start // 60:02d}{start % 60:02d}",
                "day": day,
                "start": start,
                "end": start + 120,
                "places": 2,
                "visitors": [],
                "state": state,
            }
            for _ in range(count)
        ]
        Order._get_collection().insert_many(made)
        return made

    return put


def run(work, most: int = 1000) -> int:
    """Run a pass as the queue does; return how many times it was called."""
    for number in range(1, most):
        try:
            work()
        except outbox.Later:
            continue
        return number
    raise AssertionError("it does not end")


def told(kind: str = "visit_reminder") -> list[dict]:
    return [one for one in get_db().notices.find({"key": {"$gte": ""}}) if one["kind"] == kind]


class TestTheEveningBefore:
    def test_whose_visit_is_tomorrow_is_reminded_once(self, orders, travel):
        travel(clock.today().isoformat(), "18:00")
        made = orders(3)
        orders(1, state="cancelled")
        orders(1, days=2)
        for _ in range(3):
            run(remind.tomorrow)
        assert {one["about"] for one in told()} == {str(one["_id"]) for one in made}
        [first] = [one for one in told() if one["about"] == str(made[0]["_id"])]
        assert first["values"]["time"] == "09:00~11:00"
        assert first["values"]["place"]

    def test_it_works_in_bounded_batches_with_progress(self, orders, travel, monkeypatch):
        travel(clock.today().isoformat(), "18:00")
        monkeypatch.setattr(remind, "BATCH", 4)
        orders(6, "museum")
        orders(5, "pingshan")
        assert run(remind.tomorrow) >= 3
        [progress] = get_db().reminder_passes.find({"_id": {"$gte": ""}})
        assert (progress["state"], progress["told"], len(told())) == ("done", 11, 11)

    def test_a_kill_within_a_batch_reminds_nobody_twice_and_forgets_nobody(self, orders, travel, monkeypatch):
        travel(clock.today().isoformat(), "18:00")
        monkeypatch.setattr(remind, "BATCH", 4)
        orders(10)
        real, calls = notice.tell, []

        class Killed(BaseException):
            pass

        def tell(*args, **kwargs):
            calls.append(1)
            if len(calls) in (3, 8):
                raise Killed
            real(*args, **kwargs)

        monkeypatch.setattr(notice, "tell", tell)
        for _ in range(20):
            try:
                remind.tomorrow()
            except (Killed, outbox.Later):
                continue
            break
        assert len(told()) == 10
        assert len({one["about"] for one in told()}) == 10

    def test_who_reminds_runs_by_the_schedule(self, orders, travel):
        travel(clock.today().isoformat(), "17:59")
        orders(2)
        from backend import periodic  # noqa: PLC0415

        periodic.install()
        drain("reports")
        assert told() == []
        travel(clock.today().isoformat(), "18:01")
        drain("reports")
        assert len(told()) == 2


class TestSomeHoursBefore:
    def test_only_visits_that_begin_within_the_hours_are_reminded(self, orders, travel):
        travel(clock.today().isoformat(), "10:00")
        soon = orders(2, start=12 * 60, days=0)
        orders(1, start=14 * 60, days=0)
        orders(1, start=9 * 60, days=0)
        run(remind.soon)
        assert {one["about"] for one in told()} == {str(one["_id"]) for one in soon}

    def test_later_passes_reach_further_and_tell_nobody_twice(self, orders, travel):
        day = clock.today().isoformat()
        travel(day, "10:00")
        orders(2, start=12 * 60, days=0)
        orders(1, start=14 * 60, days=0)
        for moment in ("10:00", "10:05", "11:10", "11:15", "13:00"):
            travel(day, moment)
            run(remind.soon)
        assert len(told()) == 3

    def test_an_evening_reminder_and_one_of_the_hour_are_two(self, orders, travel):
        day = clock.today()
        travel(day.isoformat(), "18:00")
        orders(1)
        run(remind.tomorrow)
        travel((day + timedelta(days=1)).isoformat(), "07:00")
        run(remind.soon)
        assert len(told()) == 2

    def test_it_works_in_batches(self, orders, travel, monkeypatch):
        travel(clock.today().isoformat(), "10:00")
        monkeypatch.setattr(remind, "BATCH", 3)
        orders(7, start=12 * 60, days=0)
        assert run(remind.soon) == 3
        assert len(told()) == 7

    def test_a_pass_that_was_cut_short_is_finished_first(self, orders, travel, monkeypatch):
        day = clock.today().isoformat()
        travel(day, "10:00")
        monkeypatch.setattr(remind, "BATCH", 3)
        orders(5, start=12 * 60, days=0)
        with pytest.raises(outbox.Later):
            remind.soon()
        orders(2, start=13 * 60 + 10, days=0)
        travel(day, "10:15")
        run(remind.soon)
        assert len(told()) == 5
        run(remind.soon)
        assert len(told()) == 7

    def test_without_the_figure_there_are_none(self, orders, travel):
        travel(clock.today().isoformat(), "10:00")
        get_db().rule_parameters.delete_one({"_id": "visit_reminder_hours"})
        orders(1, start=12 * 60, days=0)
        run(remind.soon)
        assert told() == []


def test_a_real_order_is_confirmed_and_reminded(phone, travel):
    order = phone.issued(phone.free_slot("pingshan"))
    drain("push")
    assert [one["about"] for one in told("order_issued")] == [order["id"]]
    travel((clock.date_of(order["day"]) - timedelta(days=1)).isoformat(), "18:00")
    run(remind.tomorrow)
    [reminder] = told()
    assert (reminder["about"], reminder["values"]["day"]) == (order["id"], order["day"])
    assert phone.log_in().cancel(order["id"]).status_code == 200


def test_who_cancelled_is_not_reminded(phone, travel):
    order = phone.issued(phone.free_slot("pingshan"))
    assert phone.cancel(order["id"]).status_code == 200
    travel((clock.date_of(order["day"]) - timedelta(days=1)).isoformat(), "18:00")
    run(remind.tomorrow)
    assert told() == []
