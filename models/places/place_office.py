"""What staff do with the places of their scope: look, post notices, open slots."""

from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.errors import BadInput, Conflict
from backend.store import paging
from models.audit import entry
from models.booking import order_views
from models.identity.actors import Staff
from models.places import place, scope

LONGEST_CALENDAR = 62
FURTHEST = timedelta(days=366)
_SHORT = ("name", "kind", "level", "town_code", "unit", "bookable", "demo")
_WHOLE = ("village_code", "address", "opening", "closing", "slots", "ticket_types", "refund_versions")


class NotBookable(Conflict):
    """409: the place has no opening hours or no plan of slots."""

    code = "place_not_bookable"
    zh = "该景点没有开放时间或时段方案,不能开放预约;请先维护景点资料。"
    en = "This place has no opening hours or no plan of slots, so it cannot be booked yet."


class DaysWrong(BadInput):
    """400: the span of days is empty, too long, or too far away."""

    code = "days_wrong"
    zh = "日期范围有误:结束不早于开始,一次最多 62 天,最远一年。"
    en = "The days are wrong: first to last, at most 62 at once and a year ahead."

    def __init__(self, field: str) -> None:
        super().__init__(fields={field: [self.zh]})


def listed(actor: Staff, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the actor's places by rank; one limited to an area may get fewer than `limit`."""
    query, fields = scope.places(actor, "place.read"), dict.fromkeys((*_SHORT, "village_code", "rank"), 1)
    collection = place.Place._get_collection()
    found, following = paging.page(collection, query, sort=("rank", 1), cursor=cursor, limit=limit, projection=fields)
    return [_told(one, _SHORT) for one in found if scope.reaches(actor, "place.read", one)], following


def detailed(actor: Staff, place_id: str) -> dict[str, Any]:
    """Return a place with its plan and all its notices.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    found = scope.place(actor, "place.read", place_id)
    names = ("id", "text", "from_day", "to_day", "by")
    notices = [{name: notice[name] for name in names} for notice in found.get("notices", [])]
    return {**_told(found, (*_SHORT, *_WHOLE)), "notices": notices}


def _told(found: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {"id": found["_id"]} | {name: found[name] for name in names if found.get(name) is not None}


def calendar(actor: Staff, place_id: str, first: date | None, last: date | None) -> list[dict[str, Any]]:
    """Return the slots of a place between two days, a month from today by default.

    Raises:
        NotFound: no such place in the actor's scope.
        DaysWrong: the span is empty or too long.
    """
    scope.place(actor, "place.read", place_id)
    start = first or clock.today()
    days = (last - start).days if last else min(30, (date.max - start).days)
    if not 0 <= days < LONGEST_CALENDAR:
        raise DaysWrong("to")
    return order_views.calendar(place_id, start.isoformat(), (start + timedelta(days=days)).isoformat())


def post_notice(actor: Staff, place_id: str, text: str, span: tuple[date, date]) -> str:
    """Post a notice that visitors see between two days; return its id.

    Raises:
        NotFound: no such place in the actor's scope.
        DaysWrong: it would end before it begins.
    """
    found = scope.place(actor, "notice.post", place_id)
    if span[1] < span[0]:
        raise DaysWrong("to_day")
    _audit(actor, "notice.post", found, from_day=span[0].isoformat(), to_day=span[1].isoformat())
    return place.post_notice(place_id, text, span[0], span[1], actor.key)


def open_slots(actor: Staff, place_id: str, first: date, days: int) -> int:
    """Open the slots of `days` days by the weekly plan of the place; return how many are new.

    Raises:
        NotFound: no such place in the actor's scope.
        NotBookable: it has no opening hours or no plan.
        DaysWrong: the days are past, too many or too far away.
    """
    found = scope.place(actor, "slot.open", place_id)
    if not found.get("opening") or not found.get("slots"):
        raise NotBookable
    today = clock.today()
    if not (today <= first <= today + FURTHEST and 0 < days <= LONGEST_CALENDAR):
        raise DaysWrong("from")
    _audit(actor, "slot.open", found, from_day=first.isoformat(), days=days)
    return place.open_slots(place_id, first, days)


def _audit(actor: Staff, action: str, found: dict[str, Any], **details: Any) -> None:
    entry.write(entry.line(actor.key, action, f"place:{found['_id']}", unit=found.get("unit") or "", **details))
