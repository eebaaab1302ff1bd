"""Releasing places of free tickets that nobody used: so many minutes after the visit began, if the place says so.

It is about orders that cost nothing and on which nobody has entered: who came with one ticket of an order keeps the
others. The tickets are void then, at gates without network too, the places go back to who waits or to general sale for
the rest of the slot, and the persons may be booked anew, at the window for example. A gate that was without network and
let somebody in is heard later (`gate_late`): their mark is undone, and the staff see the conflict.
"""

from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import CityError, NotFound
from backend.store import transactions
from models.booking import no_show, order, slot, takes, ticket
from models.identity import account
from models.messaging import notice

ONLINE = "mini"
"""Who booked at a window or kiosk stands at the gate already."""


def due(found: dict[str, Any], now: datetime) -> datetime | None:
    """Return when the places of an order are released if nobody comes; whoever booked later has as long from then."""
    minutes = found.get("terms", {}).get("release_after_minutes")
    if not minutes or found["total_fen"] or found.get("channel", ONLINE) != ONLINE:
        return None
    begins = clock.at(clock.date_of(found["day"]), found["start"])
    return max(begins, now) + timedelta(minutes=minutes)


def follow(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an order that is issued carries along, so that its places are released."""
    at = due(found, clock.now())
    return [outbox.entry("checkout", "booking.release_late", due=at, order=str(found["_id"]))] if at else []


class _Came(CityError):
    """Aborts the transaction: somebody walked in."""


def release(order_id: ObjectId) -> bool:
    """Release an order that nobody used, once; return whether this call did.

    A slot that is closed or paused kept people away itself: nothing is released then.
    """
    try:
        found = order.read(order_id)
    except NotFound:
        return False
    if found["state"] != "issued" or slot.read(found["slot"])["state"] != "open":
        return False
    now, rule = clock.now(), no_show.rule_on(clock.today())
    told = [
        outbox.entry("push", "messaging.tell_order", order=str(order_id), kind="no_show"),
        outbox.entry("push", "booking.tell_limited", order=str(order_id)),
    ]

    def change(session: ClientSession) -> str:
        unused = ticket.release(order_id, session)
        if unused is None:
            raise _Came
        line = order.event("released", "system:release_late", tickets=len(unused))
        was = order.move(
            order_id, ("issued",), "cancelled", line=line, session=session,
            follow=told if found.get("account") else [], changes={"released": True}, release=True,
        )  # fmt: skip
        if not was:
            return ""
        no_show.record(unused, rule, now, session)
        return "kept" if takes.give_back(order.takes(was), session) else "left"

    try:
        done = transactions.run(change)
    except _Came:
        return False
    outbox.wake("push")
    if done == "kept":
        outbox.wake("checkout")
    return bool(done)


def tell_limited(order_id: ObjectId) -> None:
    """Tell those of a released order whom their no-shows limit now, by the accounts that are surely theirs."""
    persons = [one["person"] for one in order.read(order_id)["visitors"] if one.get("person")]
    for person, one in no_show.of(persons).items():
        told = {"count": str(one.count), "until": clock.civil(one.until).date().isoformat()}
        for holder in account.of_person(person):
            notice.tell(holder, "booking_limited", key=str(order_id), values=told)
