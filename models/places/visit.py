"""Booking a visit: who of the visitors may have which ticket type, at which price, with what evidence."""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.errors import CityError, Conflict, NotFound, Unprocessable
from backend.identity_documents import age_on
from models.booking import checkout, order, slot
from models.identity import companion
from models.identity.actors import Resident
from models.identity.companion import Companion
from models.payments import payment
from models.places import place, visit_concession
from models.places.visit_concession import Patience


@dataclass(frozen=True)
class Wish:
    """One visitor of a booking: a companion of the account, and the ticket type wished for."""

    companion_id: str
    ticket_type: str


class VisitorUnknown(NotFound):
    """404: the companion is not on the account's list."""

    code = "visitor_unknown"
    zh = "没有找到这位游客,请先添加到常用游客。"
    en = "This visitor is not on your list. Add them first."


class TicketTypeUnknown(Unprocessable):
    """422: the slot has no such ticket type."""

    code = "ticket_type_unknown"
    zh = "该时段没有这种票,请重新选择。"
    en = "This slot has no such ticket type."


class AgeRefused(Unprocessable):
    """422: the visitor's age does not fit the ticket type."""

    code = "ticket_type_age"
    zh = "{ticket}不适用于这位游客的年龄,请改选其他票种。"
    en = "This visitor's age does not fit the ticket type {ticket}."


class DocumentRefused(Unprocessable):
    """422: the ticket type takes other documents."""

    code = "ticket_type_document"
    zh = "{ticket}不支持该证件类型,请改选其他票种。"
    en = "The ticket type {ticket} does not take this kind of document."


class NothingToPay(Conflict):
    """409: a free order has no payment."""

    code = "nothing_to_pay"
    zh = "免费订单不需要支付。"
    en = "This order is free; there is nothing to pay."


def book(resident: Resident, slot_id: str, wishes: list[Wish], *, key: bytes, body: bytes) -> dict[str, Any]:
    """Book a slot for visitors; the same request again returns the same order.

    Raises:
        NotFound, VisitorUnknown, TicketTypeUnknown, AgeRefused, DocumentRefused: the wish cannot be met.
        ConcessionRefused: a visitor is not entitled to the concession of the ticket type.
        SlotSoldOut, SlotClosed, SlotOver, SlotBusy, AlreadyBooked, HoldLost, KeyReused: see `checkout.place`.
    """
    try:
        wanted = slot.read(slot_id)
        companions = companion.chosen(resident, [wish.companion_id for wish in wishes])
        chosen = [_chosen(wanted, n, c, w) for n, (c, w) in enumerate(zip(companions, wishes, strict=True))]
        patience = Patience()
        visitors = [_visitor(resident, wanted, n, one, patience) for n, one in enumerate(chosen)]
        buyer = checkout.Buyer(resident.key, resident.account_id)
        return checkout.place(buyer, wanted, visitors, key=key, body=body)
    except CityError:
        if found := checkout.earlier(key, body):
            return found
        raise


def _chosen(
    wanted: dict[str, Any], number: int, chosen: Companion | None, wish: Wish
) -> tuple[Companion, dict[str, Any]]:
    """Return a visitor and the ticket type wished for, where age and document allow it."""
    if chosen is None:
        raise VisitorUnknown(fields={f"visitors.{number}.companion_id": [VisitorUnknown.zh]})
    kind = next((c for c in wanted["classes"] if c["code"] == wish.ticket_type), None)
    where = f"visitors.{number}.ticket_type"
    if kind is None:
        raise TicketTypeUnknown(fields={where: [TicketTypeUnknown.zh]})
    if chosen.kind not in kind["identity_documents"]:
        raise DocumentRefused(
            ticket=kind["name_zh"], fields={where: [DocumentRefused.zh.format(ticket=kind["name_zh"])]}
        )
    age = age_on(chosen.birth, clock.date_of(wanted["day"])) if chosen.birth else None
    if not _fits(kind, age):
        raise AgeRefused(ticket=kind["name_zh"], fields={where: [AgeRefused.zh.format(ticket=kind["name_zh"])]})
    return chosen, kind


def _visitor(
    resident: Resident, wanted: dict[str, Any], number: int, wish: tuple[Companion, dict[str, Any]], patience: Patience
) -> checkout.Visitor:
    chosen, kind = wish
    inspect, evidence = kind.get("document_to_inspect") or "", {}
    if kind.get("concession"):
        found = visit_concession.ask(resident, chosen, kind, wanted, patience)
        if not found.granted:
            raise visit_concession.refusal(found, f"visitors.{number}.ticket_type")
        inspect, evidence = found.document, found.record()
    age = age_on(chosen.birth, clock.date_of(wanted["day"])) if chosen.birth else None
    return checkout.Visitor(
        person=chosen.person_id,
        name=chosen.name,
        ticket_class=kind["code"],
        price_fen=kind["price_fen"],
        age_band=age_band(age),
        inspect=inspect,
        document={"kind": chosen.kind, "tail": chosen.tail},
        evidence=evidence,
        share=kind.get("share") or "",
    )


def _fits(kind: dict[str, Any], age: int | None) -> bool:
    least, most = kind.get("min_age"), kind.get("max_age")
    if age is None:  # the document states no birth date: the gate inspects, unless the type hangs on old age
        return least is None or least < SENIOR
    return (least is None or age >= least) and (most is None or age <= most)


CHILD, ADULT, SENIOR = 7, 18, 60


def age_band(age: int | None) -> str:
    """Return the band that a gate is shown instead of an age."""
    if age is None:
        return "unknown"
    return "child" if age < CHILD else "youth" if age < ADULT else "adult" if age < SENIOR else "senior"


def pay(resident: Resident, order_id: ObjectId) -> dict[str, str]:
    """Return the arguments of wx.requestPayment for a held order; repeating it pays the same order.

    Raises:
        NotFound, OrderStateWrong, NothingToPay, PaymentOver: it cannot be paid.
        PaymentUnknown, PaymentRefused: as WeChat answered.
    """
    found = order.read(order_id, account=resident.account_id)
    if not found["total_fen"]:
        raise NothingToPay
    checkout.require_held(found)
    known = place.read(found["place"])
    opened = payment.open_for(
        f"order:{order_id}",
        payer=resident.account_id,
        amount_fen=found["total_fen"],
        description=f"{known['name']} {found['day']} 门票{found['places']}张",
        expires_at=found["hold_until"] - checkout.PAY_MARGIN,
        on_paid=outbox.entry("checkout", "booking.paid", order=str(order_id)),
        payee=place.payee_of(known),
    )
    if not order.attach_payment(order_id, opened["_id"], clock.now()):
        checkout.require_held(order.read(order_id))
    return payment.prepay(opened)


def check_payment(resident: Resident, order_id: ObjectId) -> dict[str, Any]:
    """Ask WeChat at once whether an order was paid, and return the order as it is then."""
    found = order.read(order_id, account=resident.account_id)
    if found["state"] == "held" and found.get("payment") and payment.check(found["payment"]) == "paid":
        checkout.paid(order_id)
    return order.read(order_id)
