"""What staff change of a resource: what it is, its plan of slots and its prices, each from a day on; retiring it.

Each change is one transaction with its audit entry and the job that brings the open slots to it. Bookings keep what
they agreed. A plan keeps its earlier lines with their last day, a retired resource all it had: history stays.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity.actors import Staff
from models.places import plan_change, plan_office, resource, scope, seller_change
from models.places.place import Place
from models.places.resource import Resource

OPERATION = "resource.change"
CODE = r"[a-z][a-z0-9_]{0,63}"
_PUT = ("name_zh", "rank", "about", "days_ahead", "limits", "refund_versions", "demo")
Change = dict[str, Any]


class CodeWrong(Unprocessable):
    """422: a code is small letters, digits and underscores."""

    code = "resource_code_wrong"
    zh = "场地编码应以小写字母开头,只含小写字母、数字和下划线,最多 64 个字符。"
    en = "A code begins with a small letter and has only small letters, digits and underscores, at most 64."


class KindFixed(Conflict):
    """409: a resource stays what it is."""

    code = "resource_kind_fixed"
    zh = "场地类型不能更改;请停用后用新编码登记。"
    en = "A resource keeps its kind. Retire it and register another one."


class PlaceFull(Conflict):
    """409: a place has as many resources as one may have."""

    code = "resources_full"
    zh = "一个场所最多登记 {most} 个场地或讲解员(含已停用的);请重新启用已停用的编码,不要新增。"
    en = "A place has {most} resources at most, retired ones included. Take a retired one into use again."


def listed(actor: Staff, place_id: str) -> list[dict[str, Any]]:
    """Return all resources of a place, retired ones too.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    scope.place(actor, "place.read", place_id)
    rows = Resource._get_collection().find({"place": place_id}).sort([("kind", 1), ("rank", 1)])
    return [shown(one) for one in rows.limit(resource.MOST)]


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a resource with its plan and prices."""
    told = resource.shown(found) | {"state": found["state"], "rank": found["rank"]}
    told |= {name: found[name] for name in ("days_ahead", "limits", "refund_versions") if found.get(name)}
    return told | {"lines": found.get("slots") or [], "ticket_types": found.get("ticket_types") or []}


def put(actor: Staff, place_id: str, code: str, told: dict[str, Any]) -> dict[str, Any]:
    """Make a resource, or change what `told` names of it; return it.

    Raises:
        NotFound: no such place in the actor's scope.
        CodeWrong: the code is none.
        KindFixed: it is of another kind.
        PlaceFull: the place has as many as one may have.
    """
    known = scope.place(actor, OPERATION, place_id)
    made = resource.resource_id(place_id, code)
    if not re.fullmatch(CODE, code):
        raise CodeWrong
    before = Resource._get_collection().find_one({"_id": made}, {"kind": 1})
    if before and told.get("kind") not in {None, before["kind"]}:
        raise KindFixed
    named = {name: told[name] for name in _PUT if told.get(name) is not None}
    if before is None:
        _make(actor, known, code, told["kind"], named)
    else:
        seller_change.change(actor, (place_id, code), "change", lambda found: _changed(found, named), clock.today())
    return shown(resource.read(made))


def _changed(found: Change, named: Change) -> Change:
    """Return the fields that are to be otherwise; what `about` leaves out stays as it is."""
    about = {"about": {**(found.get("about") or {}), **named["about"]}} if "about" in named else {}
    return {**named, **about, "state": "active"}


def _make(actor: Staff, known: dict[str, Any], code: str, kind: str, named: Change) -> None:
    """Store a resource. All who make one of a place write to the place, so that none misses another in the count."""
    made = resource.resource_id(known["_id"], code)
    record = {"place": known["_id"], "code": code, "kind": kind, "state": "active", "rank": 1_000, "slots": []}
    record |= {"ticket_types": [], **named}
    line = entry.line(actor.key, "resource.create", f"resource:{made}", unit=known.get("unit") or "", kind=kind)

    def write(session: ClientSession) -> None:
        done = Resource._get_collection().update_one(
            {"_id": made}, {"$setOnInsert": record}, upsert=True, session=session
        )
        if not done.upserted_id:
            return
        Place._get_collection().update_one({"_id": known["_id"]}, {"$inc": {"resources_made": 1}}, session=session)
        if Resource._get_collection().count_documents({"place": known["_id"]}, session=session) > resource.MOST:
            raise PlaceFull(most=resource.MOST)
        entry.write(line, session)

    transactions.run(write)


def put_plan(actor: Staff, resource_id: str, lines: Sequence[Change], from_day: date) -> dict[str, Any]:
    """Let a plan hold from a day on; return the job that brings the open slots to it, {} where nothing changed.

    Raises:
        NotFound: no such resource in the actor's scope.
        PlanWrong: the lines do not fit together.
        DayPast: the day is over.
    """
    at = _at(resource_id)
    return plan_office.put_plan(actor, at, lines, from_day)


def add_line(actor: Staff, resource_id: str, line: Change, from_day: date, since: datetime) -> dict[str, Any]:
    """Add a line of a sheet to the plan that the sheet puts in place of the one before, from a day on.

    `since` tells one sheet from another: its first line ends the earlier plan, the same line again changes nothing.

    Raises:
        NotFound: no such resource in the actor's scope.
        PlanWrong: it does not fit to the other lines of the sheet.
        DayPast: the day is over.
    """
    mark = since.isoformat()
    told = {"start": line["start"], "day": from_day.isoformat()}
    return seller_change.change(
        actor,
        _at(resource_id),
        "plan",
        lambda found: plan_change.with_line(found, line, from_day, mark),
        from_day,
        **told,
    )


def put_price(actor: Staff, resource_id: str, ticket: Change, from_day: date) -> dict[str, Any]:
    """Set the price of a ticket type from a day on; return the job that brings the open slots to it.

    Prices by time of day stand in the lines of the plan; this is the price where a line says nothing.

    Raises:
        NotFound: no such resource in the actor's scope.
        DayPast: the day is over.
    """
    return plan_office.put_price(actor, _at(resource_id), ticket, from_day)


def retire(actor: Staff, resource_id: str) -> dict[str, Any]:
    """Let nothing more of a resource be sold; return the job that ends its sales. What was booked stays booked.

    Raises:
        NotFound: no such resource in the actor's scope.
    """
    return seller_change.change(actor, _at(resource_id), "retire", lambda _found: {"state": "retired"}, clock.today())


def preview(
    actor: Staff, resource_id: str, from_day: date, *, lines: Sequence[Change] | None = None,
    ticket: Change | None = None, retired: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return what a change would touch: days, slots, orders and visitors; nothing is written.

    Raises:
        NotFound: no such resource in the actor's scope.
        PlanWrong, DayPast: the change would be refused.
    """
    wanted = plan_office.Wanted(from_day, lines=lines, ticket=ticket, retired=retired)
    told = plan_office.preview(actor, _at(resource_id), wanted)
    return {name: value for name, value in told.items() if not name.startswith("cap_")}


def _at(resource_id: str) -> tuple[str, str]:
    place_id, _, code = resource_id.rpartition(".")
    return place_id, code
