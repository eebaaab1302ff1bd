"""Whose turn it is when places come back, and how long an offer lasts. Plain values in, plain values out.

The first in line whose whole party fits is served. So a smaller party may be served before a larger one in front of
it. That happens to the one in front `passed_most` times, whether others of the line or general sale get the places;
after that places are collected for it, once, for `collect` at most, and what is not enough by then goes on. So nobody
is passed over without end, and no place stays empty for longer than that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from backend import clock
from models.booking import slot_line, waiting
from models.messaging import quiet
from models.messaging.quiet import QuietHours
from models.rules import facts, parameters

CODES = {"waiting_offer_minutes": 30, "waiting_passed_most": 3, "waiting_collect_minutes": 120}
"""The figures, and what holds where nobody has set them."""
_QUIET = ("quiet_hours_from", "quiet_hours_to")
RULE_ZH = (
    "候补整单递补:名额够全部游客时按先后顺序通知;前面的团队暂时不够时,人数较少的可能先得到名额,"
    "被越过 {most} 次后,退回的名额会为其攒留,最长 {minutes} 分钟。"
)


@dataclass(frozen=True)
class Terms:
    """The figures in force on a day."""

    lasts: timedelta
    passed_most: int
    collect: timedelta
    quiet: QuietHours | None = None


@dataclass(frozen=True)
class Turn:
    """What becomes of what is kept: an offer to `party`, or else it is kept on, or goes back to general sale.

    `passed` is who stood before and does not fit.
    """

    party: Mapping[str, Any] | None = None
    passed: Mapping[str, Any] | None = None
    keeps: bool = False


def terms(day: date) -> Terms:
    """Return the figures of a day."""
    found = parameters.in_force((*CODES, *_QUIET), day)
    told = {code: facts.decode(one["value"]) for code, one in found.items()}
    lasts, most, collect = (int(told.get(code, usual)) for code, usual in CODES.items())
    hours = quiet.read(*(told.get(code) for code in _QUIET))
    return Terms(timedelta(minutes=lasts), most, timedelta(minutes=collect), hours)


def whose_turn(
    slot: str, line: Sequence[Mapping[str, Any]], rooms: Mapping[str, dict[str, Any]], now: datetime
) -> Turn:
    """Return whose turn it is in the line of a slot, `rooms` being all counters that somebody there waits for."""
    head, collected = None, set[str]()
    for party in line:
        wishes = waiting.takes(party)
        short = {one.slot for one in wishes if not slot_line.fits(rooms[one.slot], one)}
        if not short and not collected & {one.slot for one in wishes}:
            return Turn(party, head)
        if short and head is None and not _had_its_time(party, now):
            head = party
            collected = short if "collect_until" in party else set()
    return Turn(None, head, keeps=slot in collected)


def _had_its_time(party: Mapping[str, Any], now: datetime) -> bool:
    return "collect_until" in party and bool(party["collect_until"] <= now)


def until(now: datetime, starts: datetime, figures: Terms) -> tuple[datetime, bool]:
    """Return until when an offer holds, and whether its notice has to wake somebody.

    An offer of the night holds until the morning has had its time too; none holds when the visit has begun.
    """
    morning = figures.quiet.until(now) if figures.quiet else None
    holds = (morning or now) + figures.lasts
    return min(holds, starts), morning is not None and holds > starts


def in_words(figures: Terms) -> str:
    """Return the rule as those who wait read it."""
    return RULE_ZH.format(most=figures.passed_most, minutes=int(figures.collect.total_seconds() // 60))


def today() -> Terms:
    """Return the figures of today."""
    return terms(clock.today())
