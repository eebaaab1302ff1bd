"""Filling one day: stop after stop takes the place for which most speaks, lunch comes when it is time for it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from backend import clock
from models.tourism import itinerary_choice, itinerary_travel
from models.tourism.itinerary_choice import Moment, Party, Stop, World
from models.tourism.itinerary_terms import minutes
from models.tourism.itinerary_travel import Spot

FAR_DAY_WEIGHT = 0.25
"""From the second day on the first way of a day counts for little, or nobody would ever leave the county town."""
EVENING_WAIT = 180
Found = dict[str, Any]


@dataclass(frozen=True)
class Morning:
    """How a day begins: where, the how-manieth it is, for whom."""

    world: World
    party: Party
    day: date
    number: int
    start: Spot


@dataclass(frozen=True)
class Day:
    """A day that is planned; `lunch` are the minutes from and to."""

    day: date
    stops: tuple[Stop, ...]
    lunch: tuple[int, int] | None


def fill(morning: Morning, places: list[Found], refused: dict[str, str]) -> Day:
    """Return the stops of a day in their order; `refused` gathers why places could not be had."""
    terms, elder = morning.world.terms, morning.party.with_elder
    end = minutes(terms["day"]["end_with_elder" if elder else "end"])
    most = terms["most_stops_with_elder" if elder else "most_stops"]
    earliest, latest = minutes(terms["lunch"]["from"]), minutes(terms["lunch"]["latest"])
    now, at = _begins(morning), morning.start
    hungry, lunch = now <= latest, None
    stops: list[Stop] = []
    while len(stops) < most:
        found = None
        if not hungry or now < earliest:
            moment = Moment(morning.day, now, at, latest if hungry else end, terms["most_wait_minutes"])
            found = _best(morning, _left(places, stops), moment, refused, first=not stops)
        if found:
            stops.append(found)
            now = found.leave + (terms["rest_minutes_with_elder"] if elder else 0)
            at = itinerary_travel.spot(found.place, morning.world.seat)
        elif hungry:
            lunch = max(now, earliest), max(now, earliest) + terms["lunch"]["minutes"]
            now, hungry = lunch[1], False
        else:
            break
    if morning.party.evening:
        stops += _evening(morning, _left(places, stops), now, at)
    return Day(morning.day, tuple(stops), lunch)


def _begins(morning: Morning) -> int:
    usual = minutes(morning.world.terms["day"]["start"])
    return max(usual, itinerary_choice.now_minute()) if morning.day == clock.today() else usual


def _left(places: list[Found], stops: list[Stop]) -> list[Found]:
    taken = {stop.place["_id"] for stop in stops}
    return [one for one in places if one["_id"] not in taken]


def _best(
    morning: Morning, places: list[Found], moment: Moment, refused: dict[str, str], *, first: bool
) -> Stop | None:
    """Return the visit for which most speaks after way and waiting, the earlier by rank of two equal ones."""
    weight = FAR_DAY_WEIGHT if morning.number and first else 1.0
    best: tuple[float, Stop] | None = None
    for place in places:
        told = itinerary_choice.attempt(morning.world, morning.party, place, moment)
        if isinstance(told, str):
            refused[place["_id"]] = told
            continue
        wait = told.enter - moment.now - told.leg.minutes
        value = itinerary_choice.worth(morning.world, morning.party, place) - weight * told.leg.minutes - wait / 2
        if value > (best[0] if best else 0):
            best = value, told
    return best[1] if best else None


def _evening(morning: Morning, places: list[Found], now: int, at: Spot) -> list[Stop]:
    """Return one stop of the evening: the first by rank with a slot that begins then."""
    told = morning.world.terms["day"]
    begins = minutes(told["evening_from"])
    moment = Moment(morning.day, max(now, begins), at, minutes(told["evening_end"]), EVENING_WAIT)
    for place in places:
        stop = itinerary_choice.attempt(morning.world, morning.party, place, moment)
        if isinstance(stop, Stop) and stop.slot and stop.slot["start"] >= begins:
            return [stop]
    return []
