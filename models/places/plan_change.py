"""What a change makes of the plan, prices and rules of a place or a resource. Plain values in, plain values out.

Every change holds from a day on; what held before it stays, with its last day, so that earlier days keep their story.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.errors import Unprocessable
from models.places.opening import WEEKDAYS

MOST_LINES = 200
MOST_VERSIONS = 100
DOCUMENTS = ["resident_id", "passport", "hk_macao_permit", "taiwan_permit", "foreign_permanent_residence"]
PRICE = ("code", "name_zh", "price_fen", "min_age", "max_age", "document_to_inspect", "concession", "share")
NAME = ("start", "weekdays", "day_kind", "valid_from", "valid_to")
"""What tells a line of a sheet from the others."""
Found = Mapping[str, Any]
Change = dict[str, Any]


class PlanWrong(Unprocessable):
    """422: lines of the plan end before they begin, or two hold at the same time."""

    code = "slot_plan_wrong"
    zh = "时段方案有误:结束应晚于开始,同一天的时段不能重叠。"
    en = "A line ends before it begins, or two lines hold at the same time."

    def __init__(self, number: int) -> None:
        super().__init__(fields={f"lines.{number}": [self.zh]})


class DayPast(Unprocessable):
    """422: a change holds from today on at the earliest."""

    code = "change_day_past"
    zh = "生效日期不能早于今天。"
    en = "A change holds from today on at the earliest."

    def __init__(self) -> None:
        super().__init__(fields={"from_day": [self.zh]})


class TicketsUnknown(Unprocessable):
    """422: a line names ticket types that are not there."""

    code = "slot_plan_tickets_unknown"
    zh = "时段方案中有未登记的票种,请先设置门票价格。"
    en = "A line names a ticket type that is not there. Set its price first."

    def __init__(self, number: int) -> None:
        super().__init__(fields={f"lines.{number}.ticket_types": [self.zh]})


class VersionsFull(Unprocessable):
    """422: more dated rows than one place keeps."""

    code = "dated_rows_full"
    zh = "按日期设置的条数已满,请先合并相邻的日期。"
    en = "There are too many dated rows. Join neighbouring days."


def require_day(from_day: date) -> None:
    """Refuse a change of the past."""
    if from_day < clock.today():
        raise DayPast


def require_plan(lines: Sequence[Change], from_day: date) -> None:
    """Refuse lines that do not fit together."""
    require_day(from_day)
    for number, one in enumerate(lines):
        if one["end"] <= one["start"] or any(meet(one, other) for other in lines[:number]):
            raise PlanWrong(number)


def require_types(found: Found, lines: Sequence[Change]) -> None:
    """Refuse lines that sell, or price, ticket types that are not there."""
    known = {one["code"] for one in found.get("ticket_types") or []}
    for number, one in enumerate(lines):
        if {*(one.get("ticket_types") or ()), *(one.get("prices") or ())} - known:
            raise TicketsUnknown(number)


def meet(one: Change, other: Change) -> bool:
    """Tell whether two lines may hold at the same time of the same day."""
    apart = one["end"] <= other["start"] or other["end"] <= one["start"]
    weekdays = set(one.get("weekdays") or WEEKDAYS) & set(other.get("weekdays") or WEEKDAYS)
    kinds = {one.get("day_kind"), other.get("day_kind")} == {"workday", "rest"}
    spans = [(each.get("valid_from") or "", each.get("valid_to") or "9999-12-31") for each in (one, other)]
    seasons = spans[0][1] < spans[1][0] or spans[1][1] < spans[0][0]
    return not (apart or not weekdays or kinds or seasons)


def planned(found: Found, lines: Sequence[Change], from_day: date) -> Change:
    """Return the plan whose lines hold from a day on in place of those before."""
    first, before = from_day.isoformat(), (from_day - timedelta(days=1)).isoformat()
    earlier = [
        {**one, "valid_to": min(one.get("valid_to") or before, before)}
        for one in found.get("slots") or []
        if (one.get("valid_from") or "") < first
    ]
    fresh = [{**one, "valid_from": max(one.get("valid_from") or first, first)} for one in lines]
    return {"slots": [*earlier[-MOST_LINES:], *fresh], "demo": False}


def with_line(found: Found, line: Change, from_day: date, mark: str) -> Change:
    """Return the plan with a further line of the sheet `mark`; its first line ends the plan before.

    Raises:
        PlanWrong: it does not fit to the other lines of the sheet.
        DayPast: the day is over.
    """
    first = from_day.isoformat()
    wanted = {**line, "sheet": mark, "valid_from": max(line.get("valid_from") or first, first)}
    kept = [one for one in found.get("slots") or [] if (one.get("valid_to") or first) >= first]
    mine = [{**one, "valid_from": max(one["valid_from"], first)} for one in kept if one.get("sheet") == mark]
    others = [one for one in mine if any(one.get(name) != wanted.get(name) for name in NAME)]
    require_plan([*others, wanted], from_day)
    return planned(found, sorted([*others, wanted], key=lambda one: str(one["start"])), from_day)


def priced(found: Found, ticket: Change, from_day: date) -> Change:
    """Return the ticket types with the price of one from a day on; what is not named stays as it is on that day."""
    day, types = from_day.isoformat(), list(found.get("ticket_types") or [])
    there = [one for one in types if one["code"] == ticket["code"] and (one.get("valid_from") or "") <= day]
    before: Change = max(reversed(there), key=lambda one: str(one.get("valid_from") or ""), default={})
    named = {name: ticket[name] for name in PRICE if ticket.get(name) is not None}
    fresh = {"identity_documents": DOCUMENTS, "name_en": "", **before, **named, "valid_from": day, "demo": False}
    others = [one for one in types if (one["code"], one.get("valid_from") or "") != (ticket["code"], day)]
    return {"ticket_types": [*others, fresh], "demo": False}


def versioned(found: Found, name: str, version: Change) -> Change:
    """Return dated rows (`valid_from`, `valid_to`) with one more, which holds over all before in its span.

    Rows that lie wholly in that span are no more; the same row again changes nothing.

    Raises:
        VersionsFull: there are too many.
    """
    first, last = version["valid_from"], version.get("valid_to") or "9999-12-31"
    versions = list(found.get(name) or [])
    if version in versions[-1:]:
        return {}
    others = [
        one
        for one in versions
        if not first <= (one.get("valid_from") or "") <= (one.get("valid_to") or "9999-12-31") <= last
    ]
    if len(others) >= MOST_VERSIONS:
        raise VersionsFull
    return {name: [*others, version]}


def goes_down(rows: Sequence[Change]) -> bool:
    """Tell whether of two rows the one that ends later never gives back more, and none comes twice.

    Rows by days and rows by minutes are told apart: which of them ends first hangs on the hour of the slot.
    """
    for name in ("from_days_before", "from_minutes_before"):
        ours = sorted(((one[name], one["percent"]) for one in rows if name in one), reverse=True)
        if len({before for before, _ in ours}) < len(ours):
            return False
        if [percent for _, percent in ours] != sorted((percent for _, percent in ours), reverse=True):
            return False
    return True
