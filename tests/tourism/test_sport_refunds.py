"""The cancellation window: rows by days and by minutes before, to the second, shown before booking and cancelling."""

from datetime import datetime, timedelta

import pytest

from backend import clock
from models.booking import refund_rule
from tests.support.gate import shift_to
from tests.tourism.sport_kit import book, booked, hour, issued, partner

DAYS = [{"from_days_before": 1, "percent": 100}, {"from_days_before": 0, "percent": 20}]
MINUTES = [{"from_minutes_before": 120, "percent": 100}, {"from_minutes_before": 30, "percent": 50}]
NINE = 9 * 60


def told(rows, *, day="2026-11-24", start=NINE):
    return {"day": day, "start": start, "terms": {"refund_rows": rows}}


def at(text):
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("rows", "moment", "percent"),
    [
        (DAYS, "2026-11-23T23:59:59.999", 100),
        (DAYS, "2026-11-24T00:00:00", 20),
        (DAYS, "2026-11-24T23:59:59", 20),
        (DAYS, "2026-11-25T00:00:00", 0),
        (MINUTES, "2026-11-24T07:00:00", 100),
        (MINUTES, "2026-11-24T07:00:00.001", 50),
        (MINUTES, "2026-11-24T08:30:00", 50),
        (MINUTES, "2026-11-24T08:30:00.001", 0),
        ([*MINUTES, *DAYS], "2026-11-23T12:00:00", 100),
        ([*MINUTES, {"from_days_before": 3, "percent": 80}], "2026-11-20T12:00:00", 80),
        ([*MINUTES, {"from_days_before": 3, "percent": 80}], "2026-11-22T12:00:00", 100),
        ([{"from_minutes_before": -60, "percent": 10}], "2026-11-24T09:30:00", 10),
        ([], "2026-11-01T00:00:00", 0),
    ],
)
def test_the_row_that_ends_first_of_those_that_hold_decides(rows, moment, percent):
    assert refund_rule.percent(told(rows), at(moment)) == percent


def test_days_are_civil_days_over_the_end_of_a_month_and_a_year():
    rows = [{"from_days_before": 2, "percent": 100}]
    assert refund_rule.percent(told(rows, day="2027-01-01"), at("2026-12-30T23:59:59")) == 100
    assert refund_rule.percent(told(rows, day="2027-01-01"), at("2026-12-31T00:00:00")) == 0


def test_hours_before_may_lie_on_the_day_before():
    rows = [{"from_minutes_before": 24 * 60, "percent": 100}]
    assert refund_rule.percent(told(rows, start=60), at("2026-11-23T01:00:00")) == 100
    assert refund_rule.percent(told(rows, start=60), at("2026-11-23T01:00:01")) == 0


def test_what_goes_back_is_rounded_down():
    assert refund_rule.fen_of(told(MINUTES), 333, at("2026-11-24T08:00:00")) == 166


def test_an_order_without_terms_gives_nothing():
    assert refund_rule.percent({"day": "2026-11-24", "start": 0}, at("2026-11-01T00:00:00")) == 0


def test_the_steps_leave_out_what_gives_nothing():
    shown = refund_rule.steps(told([*MINUTES, {"from_minutes_before": 0, "percent": 0}]))
    assert shown == [
        {"until": "2026-11-24T07:00:00+08:00", "percent": 100},
        {"until": "2026-11-24T08:30:00+08:00", "percent": 50},
    ]


@pytest.fixture
def court(phone, seeded):
    return issued(phone, [hour(18), hour(19)], partner(phone))


def test_the_window_is_told_before_booking_and_before_cancelling(phone, court):
    query = f"slot_id={hour(15)}&slot_id={hour(16)}&ticket_type=standard"
    quote = phone.get(f"/mini/v1/sport/quote?{query}").json
    assert (quote["price_fen"], [one["price_fen"] for one in quote["hours"]]) == (4000, [2000, 2000])
    assert [(one["until"][11:16], one["percent"]) for one in quote["refund_steps"]] == [("13:00", 100), ("14:30", 50)]
    assert (quote["enter_from"][11:16], quote["enter_until"][11:16]) == ("14:45", "17:00")
    shown = phone.get(f"/mini/v1/sport/bookings/{court['id']}").json
    assert [(one["until"][11:16], one["percent"]) for one in shown["refund_steps"]] == [("16:00", 100), ("17:30", 50)]
    assert shown["refund_if_cancelled_fen"] == 6000


@pytest.mark.parametrize(
    ("clock_time", "seconds", "fen"),
    [("16:00", -5, 6000), ("16:00", 1, 3000), ("17:30", -5, 3000), ("17:30", 1, 0), ("18:30", 0, 0)],
)
def test_cancelling_gives_what_the_window_says_to_the_second(phone, court, shift_clock, clock_time, seconds, fen):
    shift_clock(shift_to(court["day"], clock_time) + seconds)
    phone.log_in()
    assert phone.order(court["id"])["refund_if_cancelled_fen"] == fen
    assert phone.cancel(court["id"]).json["refund"]["fen"] == fen


def test_a_booking_keeps_the_window_that_it_was_made_with(phone, court):
    assert clock.today() + timedelta(days=2) == clock.date_of(court["day"])
    found = booked(book(phone, hour(15), partner(phone)))
    assert [one["percent"] for one in found["refund_steps"]] == [100, 50]
