"""Keeping an itinerary: of one's own stops, of a curated one, or of one that somebody shared."""

from datetime import date
from typing import Any

from backend import clock
from models.identity.actors import Resident
from models.tourism import itinerary, itinerary_curated, itinerary_views
from models.tourism.itinerary_plan import FURTHEST, DayWrong


def save(
    resident: Resident,
    first_day: date,
    *,
    request: str,
    stops: list[dict[str, Any]] | None = None,
    curated_id: str = "",
    share_code: str = "",
) -> dict[str, Any]:
    """Keep an itinerary that begins on a day; exactly one of the three sources is given.

    Of what others made, stops whose place is not there any more are left out.

    Raises:
        DayWrong: the day is past or too far away.
        NotFound: no such curated itinerary, or nothing behind the code.
        StopUnknown, TooManyItineraries: see `itinerary.save`.
    """
    if not clock.today() <= first_day <= clock.today() + FURTHEST:
        raise DayWrong
    if stops is None:
        told = itinerary_curated.read(curated_id)["stops"] if curated_id else itinerary.shared(share_code)
        there = itinerary_views.known(told)
        stops = [one for one in told if one["place"] in there]
    return itinerary.save(resident, first_day, stops, request=request)
