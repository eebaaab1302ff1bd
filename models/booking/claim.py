"""How often a person may book a place: claims, whose uniqueness in the store decides it.

An order carries a claim for each limit and visitor while it is live; an insert that meets another's claim is refused.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import Conflict
from models.booking.order import Order

ONE_A_DAY = ({"period": "day", "most": 1},)
"""How often one person may book a place that says nothing about it."""
PERIODS = {"day": ("日", "day"), "week": ("周", "week"), "month": ("月", "month")}
CELL = 30
"""Minutes: a limit of the period `slot` lets a person be at so many places in each of these parts of a day."""
Claims = list[tuple[Mapping[str, Any], list[bytes]]]
"""Limits, each with the claims that would do."""


class AlreadyBooked(Conflict):
    """409: one of the visitors has a ticket for this place and day."""

    code = "visitor_already_booked"
    zh = "有游客当天已预约过这个景点,每人每天每景点限约一次;请更换游客或日期。"
    en = "One visitor already has a ticket for this place on that day. Choose another visitor or day."


class TooOften(Conflict):
    """409: one of the visitors has booked as often as the place allows within a week or month."""

    code = "visitor_booked_too_often"
    zh = "有游客在本{period}内的预约已达 {most} 次上限,请更换游客或日期。"
    en = "One visitor has booked {most} times within this {period_en} already. Choose another visitor or date."


class Overlapping(AlreadyBooked):
    """409: one of the visitors is booked elsewhere at this time."""

    code = "visitor_booked_elsewhere"
    zh = "有人员在这个时间已有另一场预约,同一时间每人只能约一处;请更换人员或时间。"
    en = "One visitor is booked elsewhere at this time. Choose another visitor or time."


def value(place: str, period: str, person: ObjectId, number: int = 0) -> bytes:
    """Return the value whose uniqueness means: this is the person's `number`-th booking of a place within a period."""
    text = f"{place}\x00{period}\x00{person}" + (f"\x00{number}" if number else "")
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _period(day: str, name: str) -> str:
    at = clock.date_of(day)
    if name == "week":
        year, week, _ = at.isocalendar()
        return f"{year}-W{week:02d}"
    return day if name == "day" else day[:7]


def claimable(place: str, day: str, person: ObjectId, limit: Mapping[str, Any]) -> list[bytes]:
    """Return all claims that one limit leaves to a person: as many as the bookings that it allows."""
    period = _period(day, limit["period"])
    return [value(place, period, person, number) for number in range(limit["most"])]


def free(
    place: str,
    day: str,
    persons: Sequence[ObjectId],
    limits: Sequence[Mapping[str, Any]] = ONE_A_DAY,
    *,
    span: tuple[int, int] = (0, 0),
    shares: Sequence[str] = (),
) -> list[bytes]:
    """Return a free claim of every limit for every person; an insert decides whether they still are.

    `span` are the minutes of the day that the visit lasts, `shares` what each person takes of; a limit that names a
    share is one of those who take of it.

    Raises:
        AlreadyBooked, TooOften, Overlapping: a person has none left.
    """
    wanted = _wanted(place, day, list(zip(persons, shares or [""] * len(persons), strict=True)), limits, span)
    if all(len(some) == 1 for _limit, some in wanted):
        return [some[0] for _limit, some in wanted]
    everything = [one for _limit, some in wanted for one in some]
    rows = Order._get_collection().find({"claims": {"$in": everything}}, {"claims": 1})
    used = {one for row in rows for one in row["claims"]}
    return [_free(limit, some, used) for limit, some in wanted]


def free_for(record: dict[str, Any]) -> list[bytes]:
    """Return free claims for the visitors of an order.

    Raises:
        AlreadyBooked, TooOften: none is left for one of them.
    """
    persons = [visitor["person"] for visitor in record["visitors"]]
    shares = [visitor.get("share", "") for visitor in record["visitors"]]
    limits, span = record.get("limits", ONE_A_DAY), (record["start"], record["end"])
    return free(record["place"], record["day"], persons, limits, span=span, shares=shares)


def _wanted(
    place: str,
    day: str,
    visitors: Sequence[tuple[ObjectId, str]],
    limits: Sequence[Mapping[str, Any]],
    span: tuple[int, int],
) -> Claims:
    return [
        (limit, some)
        for person, share in visitors
        for limit in limits
        if limit.get("share", share) == share
        for some in _choices(place, day, person, limit, span)
    ]


def _choices(
    place: str, day: str, person: ObjectId, limit: Mapping[str, Any], span: tuple[int, int]
) -> list[list[bytes]]:
    """Return for each claim that a limit asks of a person those that would do; `within` joins places into one."""
    where = limit.get("within") or place
    where += f"\x00{limit['share']}" if limit.get("share") else ""
    if limit["period"] != "slot":
        return [claimable(where, day, person, limit)]
    cells = range(span[0] // CELL, -(-span[1] // CELL))
    return [[value(where, f"{day}T{cell}", person, n) for n in range(limit["most"])] for cell in cells]


def taken(found: Mapping[str, Any], met: bytes | None) -> Conflict:
    """Return the refusal of an order of which another has the claim `met`: that of the limit that it is of."""
    limits = found.get("limits") or ONE_A_DAY
    visitors = [(one["person"], one.get("share", "")) for one in found["visitors"]]
    wanted = _wanted(found["place"], found["day"], visitors, limits, (found["start"], found["end"]))
    return too_often(next((limit for limit, some in wanted if met in some), limits[0]))


def _free(limit: Mapping[str, Any], some: list[bytes], used: set[bytes]) -> bytes:
    if found := next((one for one in some if one not in used), None):
        return found
    raise too_often(limit)


def of_visitors(found: Mapping[str, Any], numbers: Sequence[int]) -> list[bytes]:
    """Return which of an order's claims are of these visitors, so that they may book again."""
    limits = found.get("limits") or ONE_A_DAY
    some = [(one.get("person"), one.get("share", "")) for n, one in enumerate(found["visitors"]) if n in numbers]
    wanted = _wanted(found["place"], found["day"], some, limits, (found["start"], found["end"]))
    theirs = {one for _limit, choices in wanted for one in choices}
    return [bytes(one) for one in found.get("claims", []) if bytes(one) in theirs]


def too_often(limit: Mapping[str, Any]) -> Conflict:
    """Return the refusal of a person who has used a limit up."""
    if limit["period"] == "slot":
        return Overlapping(fields={"visitors": [Overlapping.zh]})
    if limit["period"] == "day" and limit["most"] == 1:
        return AlreadyBooked(fields={"visitors": [AlreadyBooked.zh]})
    zh, en = PERIODS[limit["period"]]
    told = {"period": zh, "period_en": en, "most": limit["most"]}
    return TooOften(**told, fields={"visitors": [TooOften.zh.format(**told)]})
