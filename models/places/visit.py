"""Booking a visit: who of the visitors may have which ticket type, at which price, with what evidence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.errors import CityError, Conflict, NotFound, Unprocessable
from backend.identity_documents import age_on
from models.booking import checkout, issuing, order, slot
from models.identity import companion
from models.identity.actors import Resident
from models.identity.companion import Companion
from models.onecard.entitlement import Entitlement
from models.payments import payment
from models.places import place, resource, visit_concession
from models.places.visit_concession import Patience


@dataclass(frozen=True)
class Wish:
    """One visitor of a booking: a companion of the account, and the ticket type wished for."""

    companion_id: str
    ticket_type: str


Ask = Callable[[Companion, dict[str, Any]], Entitlement]
"""Tells whether a visitor is entitled to the concession of a ticket type."""


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


class ExtraWrong(Unprocessable):
    """422: what is wished for beside the visit is not of this place and day."""

    code = "extra_wrong"
    zh = "附加的讲解或场次须与所选时段同一地点、同一天,请重新选择。"
    en = "What is added must be of the same place and day as the slot. Choose again."


class OfSport(Unprocessable):
    """422: courts, lanes and pools are booked by rules of their own."""

    code = "slot_of_sport"
    zh = "这是运动场地的时段,请在“场馆预订”中预约。"
    en = "This slot is of a sports venue. Book it there."


@dataclass(frozen=True)
class ExtraWish:
    """A slot of one of the place's resources, wished for beside the visit, and the type that sets its price."""

    slot_id: str
    ticket_type: str


def book(
    resident: Resident, slot_id: str, wishes: list[Wish], extras: Sequence[ExtraWish] = (), *, key: bytes, body: bytes
) -> dict[str, Any]:
    """Book a slot for visitors, and with it what is added, all or nothing; the same request returns the same order.

    Raises:
        NotFound, OfSport: no such slot, or one that is not booked as a visit.
        VisitorUnknown, TicketTypeUnknown, AgeRefused, DocumentRefused, ExtraWrong: the wish cannot be met.
        ConcessionRefused: a visitor is not entitled to the concession of the ticket type.
        SlotSoldOut, SlotClosed, SlotOver, SlotBusy, AlreadyBooked, HoldLost, KeyReused: see `checkout.place`.
    """
    try:
        wanted = slot.read(slot_id)
        require_visit(wanted)
        visitors = visitors_of(resident, wanted, wishes)
        added = [extra_of(wanted, number, wish) for number, wish in enumerate(extras)]
        buyer = checkout.Buyer(resident.key, resident.account_id)
        return checkout.place(buyer, wanted, visitors, key=key, body=body, extras=added)
    except CityError:
        if found := checkout.earlier(key, body):
            return found
        raise


def require_visit(wanted: dict[str, Any]) -> None:
    """Check that a slot is booked as a visit.

    Raises:
        OfSport: it is booked by the rules of sport.
    """
    if wanted.get("resource_kind") in resource.OF_SPORT:
        raise OfSport(fields={"slot_id": [OfSport.zh]})


def visitors_of(resident: Resident, wanted: dict[str, Any], wishes: list[Wish]) -> list[checkout.Visitor]:
    """Return who would visit a slot, each with the price, evidence and document that the ticket type asks for.

    Raises:
        VisitorUnknown, TicketTypeUnknown, AgeRefused, DocumentRefused, ConcessionRefused: a visitor may not.
    """
    patience = Patience()

    def ask(chosen: Companion, kind: dict[str, Any]) -> Entitlement:
        return visit_concession.ask(resident, chosen, kind, wanted, patience)

    companions = companion.chosen(resident, [wish.companion_id for wish in wishes])
    for number, found in enumerate(companions):
        if found is None:
            raise VisitorUnknown(fields={f"visitors.{number}.companion_id": [VisitorUnknown.zh]})
    known = [one for one in companions if one is not None]
    for number, (one, wish) in enumerate(zip(known, wishes, strict=True)):
        _fitting(wanted, number, one, wish.ticket_type)
    return [
        admitted(wanted, number, one, wish.ticket_type, ask)
        for number, (one, wish) in enumerate(zip(known, wishes, strict=True))
    ]


def admitted(wanted: dict[str, Any], number: int, chosen: Companion, ticket_type: str, ask: Ask) -> checkout.Visitor:
    """Return a visitor as an order takes them; `ask` tells about the concession that the ticket type names.

    Raises:
        TicketTypeUnknown, AgeRefused, DocumentRefused, ConcessionRefused: the visitor may not have the type.
    """
    kind = _fitting(wanted, number, chosen, ticket_type)
    inspect, evidence = kind.get("document_to_inspect") or "", {}
    if kind.get("concession"):
        found = ask(chosen, kind)
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


def extra_of(wanted: dict[str, Any], number: int, wish: ExtraWish) -> checkout.Extra:
    """Return what is taken along, with its price.

    Raises:
        NotFound: no such slot.
        ExtraWrong, TicketTypeUnknown: it is not of the same place and day, or not sold so.
    """
    found = slot.read(wish.slot_id)
    same = all(found[name] == wanted[name] for name in ("place", "day")) and found["_id"] != wanted["_id"]
    if not same or not found.get("resource") or found.get("resource_kind") in resource.OF_SPORT:
        raise ExtraWrong(fields={f"extras.{number}.slot_id": [ExtraWrong.zh]})
    kind = next((one for one in found["classes"] if one["code"] == wish.ticket_type), None)
    if kind is None:
        raise TicketTypeUnknown(fields={f"extras.{number}.ticket_type": [TicketTypeUnknown.zh]})
    named = found.get("resource_zh") or kind["name_zh"]
    return checkout.Extra(found, 1, kind["price_fen"], found.get("resource_kind") or "extra", named)


def _fitting(wanted: dict[str, Any], number: int, chosen: Companion, ticket_type: str) -> dict[str, Any]:
    """Return the ticket type wished for, where age and document of the visitor allow it."""
    kind: dict[str, Any] | None = next((c for c in wanted["classes"] if c["code"] == ticket_type), None)
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
    return kind


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
        issuing.paid(order_id)
    return order.read(order_id)
