"""A window (窗口): a clerk sells tickets against cash or gives free ones, cancels, and hands money back."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from backend.errors import Conflict, NotFound, Unprocessable
from backend.money import yuan
from models.audit import access_line, entry
from models.booking import (
    cancel,
    cancel_visitors,
    cash,
    checkout,
    issuing,
    order,
    order_office_views,
    order_views,
    ticket,
)
from models.identity import minor_approval
from models.identity.actors import Staff
from models.places import counter_sale, place, scope
from models.places.counter_sale import Guest
from models.places.visit import ExtraWish

PURPOSE = "booking_service"
FIELDS = ("visitors.name", "visitors.document_kind", "visitors.document_tail", "visitors.age_band")
MOST_GUESTS = 20


class PriceDiffers(Unprocessable):
    """422: the cash that was asked for is not what the tickets cost; nothing was booked."""

    code = "price_differs"
    zh = "应收 {yuan} 元,与录入的收款金额不一致,请核对票种和人数后重新提交。"
    en = "The tickets cost {yuan} yuan, which is not the amount that was entered. Check and send again."


class SaleRanOut(Conflict):
    """409: the hold of this sale ended before its tickets were issued; no cash is in the books."""

    code = "window_sale_ran_out"
    zh = "这笔售票没有完成就已失效(超时或被取消):没有出票,也没有入账。请作为新的一笔重新提交。"
    en = "This sale ended before it was complete: no ticket was issued and no cash booked. Send it as another sale."


def sell(
    actor: Staff,
    slot_id: str,
    guests: Sequence[Guest],
    extras: Sequence[ExtraWish] = (),
    *,
    paid_fen: int,
    key: bytes,
    body: bytes,
    phone: str = "",
) -> dict[str, Any]:
    """Book a slot for who stands at the window and issue the tickets; the same request returns the same order.

    `phone` is where they want to be told if the slot is closed. A kill between booking and issuing leaves an unpaid
    hold: the same request issues it. Once it has run out that is said, because neither tickets nor cash are in the
    books then.

    Raises:
        SaleRanOut: the hold ran out, or was cancelled, before this request or its first try was done.
        NotFound: no such slot in the actor's scope.
        PriceDiffers: `paid_fen` is not what the tickets cost.
        TicketTypeUnknown, AgeRefused, DocumentRefused, ConcessionRefused, ExtraWrong: the wish cannot be met.
        SlotSoldOut, SlotClosed, SlotOver, SlotBusy, AlreadyBooked, HoldLost, KeyReused: see `checkout.place`.
    """
    wanted, owner = scope.slot(actor, "order.sell", slot_id)
    buyer = checkout.Buyer(actor.key, channel="window", phone=phone)
    made = checkout.earlier(key, body) or _book(buyer, wanted, guests, extras, paid_fen=paid_fen, key=key, body=body)
    told = {"order": str(made["_id"]), "fen": made["total_fen"], "visitors": len(made["visitors"])}
    entry.write(entry.line(actor.key, "order.sell", f"place:{wanted['place']}", unit=owner.get("unit") or "", **told))
    if made["state"] == "held" and made["total_fen"]:
        cash.pay(made["_id"], unit=actor.unit, payee=place.payee_of(owner), who=actor.key)
    elif made["state"] == "held":
        issuing.issue(made["_id"])
    ended = order.read(made["_id"])
    if ended["state"] != "issued" and ended["total_fen"] and not ended.get("cash"):
        raise SaleRanOut
    return shown(actor, ended)


def _book(
    buyer: checkout.Buyer, wanted: dict[str, Any], guests: Sequence[Guest], extras: Sequence[ExtraWish], *,
    paid_fen: int, key: bytes, body: bytes,
) -> dict[str, Any]:  # fmt: skip
    visitors = counter_sale.visitors_of(wanted, guests)
    total = counter_sale.price_fen(wanted, visitors, extras)
    if total != paid_fen:
        told = yuan(total)
        raise PriceDiffers(yuan=told, fields={"paid_fen": [PriceDiffers.zh.format(yuan=told)]})
    return counter_sale.place(buyer, wanted, visitors, extras, key=key, body=body)


def call_off(actor: Staff, order_id: ObjectId, visitors: Sequence[int] | None = None) -> dict[str, Any]:
    """Cancel an order that a window sold, or some of its visitors, and hand back in cash what the rule gives back.

    What waits for the order is handed over with it: that of a slot that was closed, of visitors cancelled before.

    Raises:
        NotFound: no order of a window in the actor's scope.
        TicketUsed, OrderStateWrong, VisitorNumberWrong, NotByVisitor, GuardianNeeded: it cannot be cancelled so.
    """
    found = _own(actor, order_id)
    if visitors is None:
        ended = cancel.cancel(order_id, actor.key)
    else:
        ended = cancel_visitors.cancel_visitors(order_id, visitors, actor.key)
    owed = sum(one["fen"] for one in _backs(ended) if one["state"] == cash.OWED)
    told = {"order": str(order_id), "fen": owed}
    entry.write(entry.line(actor.key, "order.call_off", f"place:{found['place']}", unit=actor.unit, **told))
    if owed:
        ended = cash.hand_back(order_id, actor.key)
    return shown(actor, ended)


def _backs(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what goes back of an order: its parts, and the rest."""
    return [*found.get("parts", ()), *([found["refund"]] if found.get("refund") else [])]


def read(actor: Staff, order_id: ObjectId) -> dict[str, Any]:
    """Return an order that a window or kiosk sold, with the codes of its tickets, to print them again.

    Raises:
        NotFound: no such order in the actor's scope.
    """
    return shown(actor, _own(actor, order_id))


def slip(actor: Staff, ticket_id: str) -> tuple[str, list[tuple[str, int]]]:
    """Return the code of a ticket for printing, and the lines beside it with the height of their letters.

    Raises:
        NotFound: no valid ticket of a window or kiosk in the actor's scope.
    """
    found = ticket.read(ticket_id)
    text = ticket.code(found) if found and found["state"] != "void" else ""
    if found is None or not text:
        raise NotFound
    _own(actor, found["order"])
    access_line.record(actor, purpose=PURPOSE, subjects=[found["person"]], fields=("tickets.enter_from",))
    known = place.read(found["place"])
    span = f"{found['start'] // 60:02d}:{found['start'] % 60:02d}-{found['end'] // 60:02d}:{found['end'] % 60:02d}"
    return text, [(known["name"][:11], 34), (found["day"], 44), (span, 44), (f"第 {found['number'] + 1} 张", 34)]


def _own(actor: Staff, order_id: ObjectId) -> dict[str, Any]:
    found = order.read(order_id)
    scope.place(actor, "order.sell", found["place"])
    if found.get("channel") not in {"window", "kiosk"}:
        raise NotFound
    return found


def shown(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return an order for the clerk who sells it, visitors masked; the access line is stored before."""
    people = {one["person"] for one in found["visitors"] if one.get("person")}
    hidden = minor_approval.hidden(actor, people)
    access_line.record(actor, purpose=PURPOSE, subjects=people - hidden, fields=FIELDS)
    return order_office_views.masked({**order_views.whole(found), "places": found["places"]}, found, hidden)
