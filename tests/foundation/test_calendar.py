from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.calendar import CalendarYearMissing, WorkCalendar

YEARS = {
    "2031": {
        "holidays": {"2031-05-01": "劳动节", "2031-05-02": "劳动节"},
        "workdays": {"2031-04-27": "劳动节"},
        "source": [{"title": "made up for this test"}],
    },
    2032: {"holidays": {}, "workdays": {}},
}
CALENDAR = WorkCalendar(YEARS)

HOLIDAY, EXCHANGED = date(2031, 5, 1), date(2031, 4, 27)
PLAIN_MONDAY, PLAIN_SATURDAY = date(2031, 5, 5), date(2031, 5, 10)


def test_a_holiday_on_a_weekday_is_no_workday():
    assert HOLIDAY.weekday() < 5
    assert CALENDAR.is_public_holiday(HOLIDAY)
    assert not CALENDAR.is_workday(HOLIDAY)


def test_a_sunday_given_in_exchange_is_a_workday_and_no_holiday():
    assert EXCHANGED.weekday() == 6
    assert CALENDAR.is_workday(EXCHANGED)
    assert not CALENDAR.is_public_holiday(EXCHANGED)


def test_other_days_follow_the_week():
    assert CALENDAR.is_workday(PLAIN_MONDAY)
    assert not CALENDAR.is_workday(PLAIN_SATURDAY)
    assert not CALENDAR.is_public_holiday(PLAIN_SATURDAY)


def test_days_have_the_names_of_their_holiday():
    assert CALENDAR.name(HOLIDAY) == "劳动节"
    assert CALENDAR.name(EXCHANGED) == "劳动节调休上班"
    assert CALENDAR.name(PLAIN_MONDAY) is None


@pytest.mark.parametrize("question", ["is_public_holiday", "is_workday", "name"])
def test_an_unknown_year_is_an_alarm_and_no_guess(question):
    with pytest.raises(CalendarYearMissing) as caught:
        getattr(CALENDAR, question)(date(2033, 1, 3))
    assert caught.value.status >= 500
    assert "2033" in caught.value.message()


def test_the_known_years_are_listed_in_order():
    assert CALENDAR.years == [2031, 2032]


@pytest.mark.parametrize(
    "days",
    [
        {"holidays": {"2032-01-01": "元旦"}, "workdays": {}},
        {"holidays": {"2031-13-01": "元旦"}, "workdays": {}},
        {"holidays": {"2031-01-01": "元旦"}, "workdays": {"2031-01-01": "元旦"}},
    ],
)
def test_a_year_that_contradicts_itself_is_refused(days):
    with pytest.raises(ValueError):
        WorkCalendar({"2031": days})


def test_an_instant_is_refused_because_its_civil_day_is_unclear():
    with pytest.raises(TypeError):
        CALENDAR.is_workday(datetime(2031, 5, 1, tzinfo=UTC))


@given(st.dates(date(2031, 1, 1), date(2032, 12, 31)))
def test_no_day_is_both_holiday_and_workday(day):
    assert not (CALENDAR.is_public_holiday(day) and CALENDAR.is_workday(day))
