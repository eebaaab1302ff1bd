"""Orders as staff see them: names masked, ticket codes left out, an access line before each answer. Plain dicts.

A visitor below fourteen is not shown without an approval; the order itself is, because the place must be run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock
from backend.store import paging
from models.audit import access_line
from models.booking import order, order_views
from models.identity import minor_approval
from models.identity.actors import Staff

FIELDS = ("visitors.name", "visitors.document_kind", "visitors.document_tail", "visitors.age_band")
"""What of the visitors an answer holds, for the access line."""
STATES = tuple(order_views.STATE_ZH)
_NOTHING = {
    "name": minor_approval.HIDDEN,
    **dict.fromkeys(("age_band", "inspect", "document_kind", "document_tail"), ""),
}
"""What is told of a visitor who may not be shown; class and price of the ticket belong to the order."""


@dataclass(frozen=True)
class Filter:
    """Orders of one slot, or of one place and day, in one state or any."""

    slot: str | None = None
    place: str | None = None
    day: str | None = None
    state: str | None = None


def listed(
    actor: Staff, wanted: Filter, *, purpose: str, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of orders, newest first."""
    found, following = paging.page(
        order.Order._get_collection(),
        _query(wanted),
        sort=("_id", -1),
        cursor=cursor,
        limit=limit,
        projection={"outbox": 0, "history": 0, "idempotency": 0, "claims": 0},
    )
    hidden = minor_approval.hidden(actor, _persons(found))
    _note(actor, found, hidden, purpose=purpose)
    return [masked(_line(one), one, hidden) for one in found], following


def _query(wanted: Filter) -> dict[str, Any]:
    named = {"takes.slot": wanted.slot, "place": wanted.place, "day": wanted.day}
    states = [wanted.state] if wanted.state else list(STATES)
    return {name: value for name, value in named.items() if value} | {"state": {"$in": states}}


def whole(actor: Staff, found: dict[str, Any], *, purpose: str, glass: ObjectId | None = None) -> dict[str, Any]:
    """Return an order with its tickets and history; a broken `glass` about it shows children too."""
    hidden = set() if glass else minor_approval.hidden(actor, _persons([found]))
    _note(actor, [found], hidden, purpose=purpose, case=f"break_glass:{glass}" if glass else None)
    shown = order_views.whole(found)
    tickets = [{name: value for name, value in one.items() if name != "code"} for one in shown["tickets"]]
    history = [{**one, "at": clock.civil(one["at"]).isoformat(timespec="milliseconds")} for one in found["history"]]
    told = {**shown, "places": found["places"], "tickets": tickets, "history": history}
    return masked(told, found, hidden)


def _line(found: dict[str, Any]) -> dict[str, Any]:
    told = {"state": found["state"], "state_zh": order_views.STATE_ZH[found["state"]], "places": found["places"]}
    return {**order_views.created(found), **told}


def masked(shown: dict[str, Any], found: dict[str, Any], hidden: set[ObjectId]) -> dict[str, Any]:
    """Take everything about the hidden visitors out of an order that is shown."""
    visitors = [
        {**one, **_NOTHING} if kept.get("person") in hidden else one
        for one, kept in zip(shown["visitors"], found["visitors"], strict=True)
    ]
    return {**shown, "visitors": visitors}


def _persons(found: Iterable[dict[str, Any]]) -> list[ObjectId]:
    return [visitor["person"] for one in found for visitor in one["visitors"] if visitor.get("person")]


def _note(
    actor: Staff, found: Iterable[dict[str, Any]], hidden: set[ObjectId], *, purpose: str, case: str | None = None
) -> None:
    subjects = [one for one in _persons(found) if one not in hidden]
    access_line.record(actor, purpose=purpose, subjects=subjects, fields=FIELDS, case=case)
