"""Taking out of an order what was booked beside the visit: the guide does not come, the visit stays.

One transaction changes order and counters and decides on the money, as `cancel_visitors` does for visitors: what the
extra cost goes back whole, as a part of the order's price. Doing it again changes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.booking import order, slot, takes
from models.booking.order import Order, OrderStateWrong
from models.booking.slot import Take


def only_beside(found: Mapping[str, Any], slots: Collection[str]) -> bool:
    """Tell whether an order loses with these slots only what was booked beside its visit.

    Further hours of the same court are no such thing: without one of them the booking is another one.
    """
    own = slot.owner_of(found["slot"])
    return found["slot"] not in slots and all(
        slot.owner_of(one["slot"]) != own for one in found.get("extras", ()) if one["slot"] in slots
    )


def open_of(found: Mapping[str, Any], slots: Collection[str]) -> list[int]:
    """Return the numbers of an order's extras that are of these slots and were not cancelled."""
    extras = enumerate(found.get("extras", ()))
    return [number for number, one in extras if one["slot"] in slots and not one.get("cancelled")]


def price_of(found: Mapping[str, Any], numbers: Sequence[int]) -> int:
    """Return what these extras were charged."""
    return sum(int(found["extras"][number]["price_fen"]) for number in numbers)


def cancel_extras(
    order_id: ObjectId, slots: Collection[str], who: str, *, follow: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Take the extras of these slots out of an issued order and return it as it is now; all they cost goes back.

    `follow` are entries of the outbox that go into the write, where there was anything to take out.

    Raises:
        OrderStateWrong: it is not issued.
    """
    now, line = clock.now(), order.event("extras_cancelled", who)
    request = outbox.entry("checkout", "booking.request_part", order=str(order_id), part="")

    def change(session: ClientSession) -> bool:
        fresh = Order._get_collection().find_one({"_id": order_id}, session=session) or {}
        if fresh.get("state") != "issued":
            raise OrderStateWrong(state=fresh.get("state"))
        numbers = open_of(fresh, slots)
        if not numbers:
            return False
        part = {**_part(fresh, numbers), "who": who, "at": now}
        asked = [{**request, "args": {**request["args"], "part": part["part"]}}] if part["state"] == "requested" else []
        told = {**line, "extras": numbers, "refund_fen": part["fen"]}
        gone = [one for one in order.takes(fresh) if one.slot in slots]
        update = _update(fresh, part, gone)
        update["$push"] |= {
            "history": {"$each": [told], "$slice": -100},
            "outbox": {"$each": [*asked, *follow]},
        }
        Order._get_collection().update_one({"_id": order_id}, update, session=session)
        takes.give_back(gone, session)
        return True

    if transactions.run(change):
        for queue in {"checkout", *(one["queue"] for one in follow)}:
            outbox.wake(queue)
    return order.read(order_id)


def _part(fresh: dict[str, Any], numbers: list[int]) -> dict[str, Any]:
    """Return the part of the price that goes back; whoever paid in cash collects it at the window."""
    base = price_of(fresh, numbers)
    fen = base if fresh.get("payment") or fresh.get("cash") else 0
    state = ("to_collect" if fresh.get("cash") else "requested") if fen else "none"
    name = "x" + "_".join(str(number) for number in numbers)
    return {"part": name, "visitors": [], "extras": numbers, "base_fen": base, "percent": 100, "fen": fen,
            "state": state}  # fmt: skip


def _update(fresh: dict[str, Any], part: dict[str, Any], gone: Sequence[Take]) -> dict[str, Any]:
    cancelled = {"at": part["at"], "part": part["part"]}
    left = [one for one in order.takes(fresh) if one not in gone]
    marks = {f"extras.{number}.cancelled": cancelled for number in part["extras"]}
    return {"$set": {"takes": takes.stored(left), **marks}, "$push": {"parts": part}}
