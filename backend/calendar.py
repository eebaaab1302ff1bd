"""Public holidays and 调休 workdays, year by year as the State Council announces them.

The days of a year are known in the November before; they are imported, never computed. A day of a year
that nobody has imported is an error that operations must see, not a guess.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from backend.errors import Unavailable

_SATURDAY = 5


class CalendarYearMissing(Unavailable):
    """503: the days of a year have not been imported; operations must import them."""

    code = "calendar_year_missing"
    zh = "{year} 年的节假日安排尚未导入,暂时无法办理;请稍后再试或拨打 12345。"
    en = "The public holidays of {year} have not been imported yet. Please try again later."


class WorkCalendar:
    """Which days are holidays and which are worked.

    `years` maps a year (as a number or, from JSON, as text) to `{"holidays": {day: name}, "workdays": {day: name}}`
    with days as `YYYY-MM-DD`. A holiday is every day off of the announced period, also one won by 调休; a workday
    here is a Saturday or Sunday worked in exchange, under the holiday's name.

    Raises:
        ValueError: a day is malformed, lies outside its year, or is both holiday and workday.
    """

    def __init__(self, years: Mapping[Any, Mapping[str, Any]]) -> None:
        self._holidays: dict[int, dict[date, str]] = {}
        self._workdays: dict[int, dict[date, str]] = {}
        for key, days in years.items():
            year = int(key)
            self._holidays[year] = _read(year, days["holidays"])
            self._workdays[year] = _read(year, days["workdays"])
            if both := self._holidays[year].keys() & self._workdays[year].keys():
                message = f"holiday and workday at once: {min(both)}"
                raise ValueError(message)

    @property
    def years(self) -> list[int]:
        """The years that are known, in order."""
        return sorted(self._holidays)

    def is_public_holiday(self, day: date) -> bool:
        """Tell whether the day lies in an announced holiday period.

        Raises:
            CalendarYearMissing: the year is unknown.
        """
        return day in self._of(self._holidays, day)

    def is_workday(self, day: date) -> bool:
        """Tell whether offices work: 调休 workdays, and Monday to Friday outside holidays.

        Raises:
            CalendarYearMissing: the year is unknown.
        """
        if day in self._of(self._workdays, day):
            return True
        return day.weekday() < _SATURDAY and not self.is_public_holiday(day)

    def name(self, day: date) -> str | None:
        """Return the holiday's name, for a 调休 workday e.g. 春节调休上班, for any other day None.

        Raises:
            CalendarYearMissing: the year is unknown.
        """
        worked_for = self._of(self._workdays, day).get(day)
        return f"{worked_for}调休上班" if worked_for else self._of(self._holidays, day).get(day)

    @staticmethod
    def _of(table: dict[int, dict[date, str]], day: date) -> dict[date, str]:
        if isinstance(day, datetime):
            message = "an instant has no civil day of its own; convert it with backend.clock.civil first"
            raise TypeError(message)
        if day.year not in table:
            raise CalendarYearMissing(year=day.year)
        return table[day.year]


def _read(year: int, days: Mapping[str, str]) -> dict[date, str]:
    read = {date.fromisoformat(day): name for day, name in days.items()}
    if strays := [day for day in read if day.year != year]:
        message = f"not a day of {year}: {min(strays)}"
        raise ValueError(message)
    return read
