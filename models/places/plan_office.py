"""What staff set for sales of a place or resource: plan, prices, refund rule, daily limit, hours; from a day on each.

Everything is looked at first with the same rule that then changes it: `preview` takes what is wanted and tells whom it
affects. The change is one write; a job brings the open slots to it. Who has booked keeps what was agreed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.booking import slot
from models.identity.actors import Staff
from models.places import plan_change, readiness, renewal, seller, seller_change
from models.places.place_change import with_hours
from models.places.seller import Seller

Change = dict[str, Any]
At = tuple[str, str]
"""A place, and the code of one of its resources or nothing."""
FURTHEST = timedelta(days=3 * 366)


@dataclass(frozen=True)
class Wanted:
    """A change from a day on; `last` limits the look at it. Without anything else it is the place as it stands."""

    from_day: date
    last: date | None = None
    lines: Sequence[Change] | None = None
    ticket: Change | None = None
    refund: Change | None = None
    cap: Change | None = None
    hours: Change | None = None
    terms: Change | None = None
    retired: bool = False


class RowsWrong(Unprocessable):
    """422: rows of a refund rule that do not go down, or come twice."""

    code = "refund_rows_wrong"
    zh = "退款规则有误:每个时间点只能有一行,越临近参观退款比例不能越高。"
    en = "Each row needs its own time, and nearer to the visit no row may give back more."

    def __init__(self) -> None:
        super().__init__(fields={"rows": [self.zh]})


class SpanWrong(Unprocessable):
    """422: days that end before they begin, or lie too far away."""

    code = "dated_span_wrong"
    zh = "日期范围有误:结束不早于开始,最远三年。"
    en = "The days must not end before they begin, nor lie more than three years ahead."

    def __init__(self) -> None:
        super().__init__(fields={"valid_to": [self.zh]})


def put_plan(actor: Staff, at: At, lines: Sequence[Change], from_day: date) -> dict[str, Any]:
    """Let a plan hold from a day on; return the job that brings the open slots to it, {} where nothing changed.

    Raises:
        NotFound: no such place or resource in the actor's scope.
        PlanWrong, TicketsUnknown: the lines do not fit together, or sell what is not there.
        DayPast, SpanWrong: the day is over, or too far away.
    """
    told = {"lines": len(lines), "day": from_day.isoformat(), "quota": sum(one["quota"] for one in lines)}
    return _change(actor, at, "plan", Wanted(from_day, lines=lines), **told)


def put_price(actor: Staff, at: At, ticket: Change, from_day: date) -> dict[str, Any]:
    """Set the price of a ticket type from a day on; return the job that brings the open slots to it.

    Prices by time of day stand in the lines of the plan; this is the price where a line says nothing.

    Raises:
        NotFound: no such place or resource in the actor's scope.
        DayPast, SpanWrong: the day is over, or too far away.
    """
    told = {"code": ticket["code"], "price_fen": ticket["price_fen"], "day": from_day.isoformat()}
    return _change(actor, at, "price", Wanted(from_day, ticket=ticket), **told)


def put_refund(actor: Staff, at: At, refund: Change, from_day: date) -> dict[str, Any]:
    """Set what of the price goes back, for visits from a day on (to another); orders keep the rule they were made with.

    Raises:
        NotFound: no such place or resource in the actor's scope.
        RowsWrong, DayPast, SpanWrong, VersionsFull: the rows do not fit together, or their days do not.
    """
    told = {"day": from_day.isoformat(), "rows": [_row_text(one) for one in refund["rows"]]}
    return _change(actor, at, "refund", Wanted(from_day, refund=refund), wide=True, **told)


def put_cap(actor: Staff, place_id: str, cap: Change, from_day: date) -> dict[str, Any]:
    """Set how many visitors a place takes a day, from a day on (to another); None takes the limit away.

    Days on which more is sold sell nothing more. The job looks once more when bookings that are under way have ended.

    Raises:
        NotFound: no such place in the actor's scope.
        DayPast, SpanWrong, VersionsFull: the days do not fit.
    """
    told = {"day": from_day.isoformat(), "to_day": cap.get("valid_to") or "", "places": cap["places"]}
    return _change(actor, (place_id, slot.WHOLE), "cap", Wanted(from_day, cap=cap), again=True, **told)


def put_hours(actor: Staff, place_id: str, hours: Change, from_day: date) -> dict[str, Any]:
    """Set the week of a place, or of a season of it, and which weekdays it is closed; slots of resources follow too.

    Raises:
        NotFound: no such place in the actor's scope.
        DayPast, SpanWrong: the day is over, or too far away.
    """
    told = {"season": "/".join(hours.get("season") or ()), "day": from_day.isoformat()}
    return _change(actor, (place_id, slot.WHOLE), "hours", Wanted(from_day, hours=hours), wide=True, **told)


def put_terms(actor: Staff, place_id: str, terms: Change, from_day: date) -> dict[str, Any]:
    """Set how early one may enter, and whether the place is for sale.

    Raises:
        NotFound: no such place in the actor's scope.
        NotReady: it cannot be sold, because something is missing.
        DayPast, SpanWrong: the day is over, or too far away.
    """
    if terms.get("bookable"):
        readiness.require(seller_change.reached(actor, place_id).owner | terms)
    return _change(actor, (place_id, slot.WHOLE), "terms", Wanted(from_day, terms=terms), wide=True, **terms)


def _change(actor: Staff, at: At, action: str, wanted: Wanted, **more: Any) -> dict[str, Any]:
    known = seller_change.reached(actor, *at)
    require(wanted)
    require_types(known, wanted)
    return seller_change.change(actor, at, action, _teller(wanted), wanted.from_day, **more)


def require(wanted: Wanted) -> None:
    """Refuse what does not fit together.

    Raises:
        DayPast, SpanWrong, PlanWrong, RowsWrong: see there.
    """
    plan_change.require_plan(wanted.lines or (), wanted.from_day)
    last = next((one["valid_to"] for one in (wanted.refund, wanted.cap) if one and one.get("valid_to")), None)
    spans = [one for one in (last, wanted.last and wanted.last.isoformat()) if one]
    # Counted from today, so that no day of the calendar is too far to add to.
    if any(one < wanted.from_day.isoformat() for one in spans) or wanted.from_day > _furthest():
        raise SpanWrong
    if wanted.refund and not plan_change.goes_down(wanted.refund["rows"]):
        raise RowsWrong


def _furthest() -> date:
    return clock.today() + FURTHEST


def require_types(known: Seller, wanted: Wanted) -> None:
    """Refuse lines that sell what is not there.

    Raises:
        TicketsUnknown: a ticket type is not known.
    """
    types = [*(known.found.get("ticket_types") or []), *([wanted.ticket] if wanted.ticket else [])]
    plan_change.require_types({"ticket_types": types}, wanted.lines or ())


def _row_text(row: Change) -> str:
    before = f"{row['from_days_before']}d" if "from_days_before" in row else f"{row['from_minutes_before']}m"
    return f"{before}:{row['percent']}"


def _teller(wanted: Wanted) -> Callable[[Change], Change]:
    """Return what makes of a place or resource, as it is stored, the fields that are to be otherwise."""
    first = wanted.from_day.isoformat()

    def tell(found: Change) -> Change:
        told: Change = {}
        if wanted.lines is not None:
            told |= plan_change.planned(found, wanted.lines, wanted.from_day)
        if wanted.ticket:
            told |= plan_change.priced(found, wanted.ticket, wanted.from_day)
        if wanted.refund:
            told |= plan_change.versioned(found, "refund_versions", {"valid_from": first, **wanted.refund})
        if wanted.cap:
            told |= plan_change.versioned(found, "daily_caps", {"valid_from": first, **wanted.cap})
        if wanted.hours:
            told |= with_hours(found, wanted.hours)
        return told | dict(wanted.terms or {}) | ({"state": "retired"} if wanted.retired else {})

    return tell


def preview(actor: Staff, at: At, wanted: Wanted) -> dict[str, Any]:
    """Return whom a change would affect; nothing is written.

    Raises:
        NotFound: no such place or resource in the actor's scope.
        PlanWrong, TicketsUnknown, RowsWrong, DayPast, SpanWrong, VersionsFull: the change would be refused.
    """
    known = seller_change.reached(actor, *at)
    require(wanted)
    require_types(known, wanted)
    changed = known.found | seller_change.difference(known.code, known.found, _teller(wanted)(known.found))
    pairs = [(known, Seller(known.owner if known.code else changed, changed, known.code))]
    if not known.code:
        pairs += [(one, Seller(changed, one.found, one.code)) for one in _followers(known, wanted)]
    return renewal.preview(pairs, wanted.from_day, wanted.last)


def _followers(known: Seller, wanted: Wanted) -> list[Seller]:
    wide = wanted.hours or wanted.refund or wanted.terms or wanted == Wanted(wanted.from_day, wanted.last)
    return seller.all_of(known.owner["_id"])[1:] if wide else []


def renew(actor: Staff, place_id: str, from_day: date) -> dict[str, Any]:
    """Bring the open slots of a place and its resources to what is set for it; return the job, {} without days.

    Raises:
        NotFound: no such place in the actor's scope.
        DayPast, SpanWrong: the day is over, or too far away.
    """
    known = seller_change.reached(actor, place_id)
    require(Wanted(from_day))
    unit = str(known.owner.get("unit") or "")
    line = entry.line(actor.key, "place.renew", f"place:{place_id}", unit=unit, day=from_day.isoformat())
    sellers, started = seller.all_of(place_id), list[dict[str, Any]]()

    def write(session: ClientSession) -> None:
        started.clear()
        entry.write(line, session)
        if job := renewal.start(sellers, from_day, who=actor.key, unit=unit, session=session, again=True):
            started.append(job)

    transactions.run(write)
    outbox.wake("reports")
    return started[0] if started else {}
