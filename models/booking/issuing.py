"""A held order becomes tickets, by its checkout or by its payment; a late payment finds places anew, or goes back."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, runtime
from backend.errors import CityError
from backend.store import transactions
from models.booking import claim, gate_terms, order, release_late, takes, ticket, waiting
from models.booking.claim import AlreadyBooked, TooOften


def issue(
    order_id: ObjectId,
    *,
    who: str = "system:checkout",
    changes: dict[str, Any] | None = None,
    more: Sequence[dict[str, Any]] = (),
) -> bool:
    """Turn a held order into tickets, all in one transaction; return whether this call did it.

    `changes` are fields that are set with it, `more` what follows besides.
    """
    found = order.read(order_id)
    tickets = _tickets(found)
    follow = [*_after_issue(found), *more]

    def change(session: ClientSession) -> bool:
        line = order.event("issued", who)
        moved = order.move(order_id, ("held",), "issued", line=line, session=session, follow=follow, changes=changes)
        if not moved:
            return False
        waiting.order_issued(moved, session)
        ticket.write_all(tickets, session)
        return True

    return transactions.run(change)


def _after_issue(found: dict[str, Any]) -> list[dict[str, Any]]:
    follow = []
    if found.get("account"):
        follow.append(outbox.entry("push", "messaging.order_issued", order=str(found["_id"])))
    if found.get("payment"):
        follow.append(outbox.entry("push", "payments.require_shipping", payment=str(found["payment"])))
    return [*follow, *release_late.follow(found)]


def _tickets(found: dict[str, Any]) -> list[dict[str, Any]]:
    terms = found.get("terms") or {}
    early, now = terms.get("enter_early_minutes", 30), clock.now()
    opens, closes = ticket.entry_window(found["day"], found["start"], found["end"], early)
    return [
        {
            "_id": ticket.ticket_id(found["_id"], number),
            "order": found["_id"],
            "number": number,
            **{name: found[name] for name in ("place", "day", "start", "end")},
            **{name: visitor[name] for name in ("person", "ticket_class", "age_band", "inspect")},
            "enter_from": opens,
            "enter_until": closes,
            "state": "valid",
            "key_id": runtime.current().ticket_keys.current,
            "terms": gate_terms.carried(terms),
            "issued_at": now,
        }
        for number, visitor in enumerate(found["visitors"])
    ]


def paid(order_id: ObjectId) -> str:
    """Follow a payment that succeeded: issue, or take places again for an order that had ended, or refund.

    Safe to repeat. Returns what came of it: `issued`, `revived` or `refunded`.
    """
    if issue(order_id):
        return "issued"
    found = order.read(order_id)
    if found["state"] == "issued" or found.get("refund"):
        return str(found["state"])
    if found["state"] == "expired" and _revive(found):
        return "revived"
    fen, line = found["total_fen"], order.event("paid_too_late", "system:checkout")
    follow = outbox.entry("checkout", "booking.request_refund", order=str(order_id), fen=fen)
    if not order.refund_late(order_id, fen, line=line, follow=follow):
        return str(order.read(order_id)["state"])
    outbox.wake("checkout")
    return "refunded"


def _revive(found: dict[str, Any]) -> bool:
    """Give an expired order its places back if there are any; a visitor who booked anew meanwhile prevents it."""
    tickets = _tickets(found)
    try:
        claims = claim.free_for(found)
    except (AlreadyBooked, TooOften):
        return False
    follow = _after_issue(found)

    def change(session: ClientSession) -> bool:
        line = order.event("revived", "system:checkout")
        moved = order.move(
            found["_id"], ("expired",), "issued", line=line, session=session, follow=follow, changes={"claims": claims}
        )
        if not moved:
            return False
        if moved.get("refund"):
            raise RefundDecided
        if not takes.take_again(order.takes(found), session):
            raise NoPlaceLeft
        waiting.order_issued(moved, session)
        ticket.write_all(tickets, session)
        return True

    try:
        return transactions.run(change)
    except (NoPlaceLeft, RefundDecided, DuplicateKeyError):
        return False


class NoPlaceLeft(CityError):
    """Aborts the transaction that would revive an order."""


class RefundDecided(CityError):
    """Aborts the transaction that would revive an order whose money goes back."""
