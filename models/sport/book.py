"""Booking a court for hours in a row, or a session by person; all or nothing.

A court has one price an hour, that of the ticket type chosen. The standing of who books decides on a concession: a
type that names one is only for a booker who plays along. All players are named; each has a ticket of their own, and
the window of entry runs over all hours.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend import clock
from backend.errors import CityError, NotFound
from backend.identity_documents import age_on
from models.booking import checkout, slot
from models.booking.slot_errors import SlotClosed
from models.identity import companion
from models.identity.actors import Resident
from models.identity.companion import Companion
from models.places import resource, visit
from models.sport import venue
from models.sport.book_errors import (
    BookerMissing,
    CertificateMissing,
    GuardianMissing,
    NotInARow,
    PlayersWrong,
    PlayerTwice,
    SlotUnknown,
    TooManyHours,
    TypePerPlayer,
)
from models.sport.venue import Terms

Slot = dict[str, Any]
PLAYER = "player"
"""The ticket class of who plays on a court that another's price pays for."""
CERTIFICATE = "deep_water_certificate"
FULL_AGE = 18


@dataclass(frozen=True)
class Player:
    """Somebody who comes: a companion of the account, for a session with a ticket type of their own if wished."""

    companion_id: str
    ticket_type: str = ""
    deep_water: bool = False


@dataclass(frozen=True)
class Wish:
    """What is to be booked, for whom, at the price of which ticket type."""

    slots: Sequence[str]
    players: Sequence[Player]
    ticket_type: str


def book(resident: Resident, wish: Wish, *, key: bytes, body: bytes) -> dict[str, Any]:
    """Book what is wished, all or nothing, and return the order; the same request returns the same order.

    Raises:
        SlotUnknown, NotInARow, TooManyHours, PlayersWrong, PlayerTwice: the wish makes no booking.
        BookerMissing, TypePerPlayer, GuardianMissing, CertificateMissing: a rule of the venue refuses it.
        VisitorUnknown, TicketTypeUnknown, AgeRefused, DocumentRefused, ConcessionRefused: see `visit.visitors_of`.
        SlotSoldOut, ShareSoldOut, SlotClosed, SlotPaused, SlotOver, SlotBusy, AlreadyBooked, TooOften, Overlapping,
        HoldLost, KeyReused: see `checkout.place`.
    """
    try:
        hours, terms = hours_of(wish.slots)
        players = _players(resident, wish, terms)
        _require_safe(wish, players, terms, hours[0]["day"])
        buyer = checkout.Buyer(resident.key, resident.account_id)
        if terms.use == "person":
            visitors = _visitors(resident, hours[0], wish, players, terms)
            return checkout.place(buyer, hours[0], visitors, key=key, body=body)
        visitors, extras = _court(resident, hours, wish, players, terms)
        return checkout.place(buyer, hours[0], visitors, key=key, body=body, units=1, extras=extras)
    except CityError:
        if found := checkout.earlier(key, body):
            return found
        raise


def hours_of(slot_ids: Sequence[str]) -> tuple[list[Slot], Terms]:
    """Return the hours of one court in their order, or one session, and what the resource asks.

    Raises:
        SlotUnknown, NotInARow, TooManyHours, SlotClosed: they cannot be booked together.
    """
    hours = sorted((_read(one, number) for number, one in enumerate(slot_ids)), key=lambda hour: hour["start"])
    first = hours[0]
    alike = all(hour[name] == first[name] for hour in hours for name in ("place", "resource", "day"))
    if not alike or any(one["end"] != two["start"] for one, two in itertools.pairwise(hours)):
        raise NotInARow(fields={"slots": [NotInARow.zh]})
    found = resource.read(resource.resource_id(first["place"], first["resource"]))
    terms = venue.terms_of(found)
    if len(hours) > terms.hours:
        raise TooManyHours(most=terms.hours, fields={"slots": [TooManyHours.zh.format(most=terms.hours)]})
    if found["state"] != "active":
        raise SlotClosed
    return hours, terms


def _read(slot_id: str, number: int) -> Slot:
    try:
        found = slot.read(slot_id)
    except NotFound:
        found = {}
    if found.get("resource_kind") not in resource.OF_SPORT:
        raise SlotUnknown(fields={f"slots.{number}": [SlotUnknown.zh]})
    return found


def _players(resident: Resident, wish: Wish, terms: Terms) -> list[Companion]:
    """Return who comes, as the account knows them."""
    if not terms.least <= len(wish.players) <= terms.most:
        told: dict[str, Any] = {"least": terms.least, "most": terms.most}
        raise PlayersWrong(**told, fields={"players": [PlayersWrong.zh.format(**told)]})
    known = companion.chosen(resident, [one.companion_id for one in wish.players])
    found = []
    for number, one in enumerate(known):
        if one is None:
            raise visit.VisitorUnknown(fields={f"players.{number}.companion_id": [visit.VisitorUnknown.zh]})
        found.append(one)
    if len({one.person_id for one in found}) < len(found):
        raise PlayerTwice(fields={"players": [PlayerTwice.zh]})
    return found


def _require_safe(wish: Wish, players: list[Companion], terms: Terms, day: str) -> None:
    """Refuse children without an adult, and deep water without certificates.

    Whose document states no birth date counts as of full age; the gate sees who comes.
    """
    ages = [_age(one, day) for one in players]
    child = next((n for n, age in enumerate(ages) if age is not None and age < terms.guardian_below), None)
    if child is not None and not any(age is None or age >= FULL_AGE for age in ages):
        told = GuardianMissing.zh.format(age=terms.guardian_below)
        raise GuardianMissing(age=terms.guardian_below, fields={f"players.{child}.companion_id": [told]})
    if terms.deep_water:
        lacking = [n for n, one in enumerate(wish.players) if not one.deep_water]
        if lacking:
            raise CertificateMissing(
                fields={f"players.{n}.deep_water_certificate": [CertificateMissing.zh] for n in lacking}
            )


def _age(known: Companion, day: str) -> int | None:
    return age_on(known.birth, clock.date_of(day)) if known.birth else None


def _visitors(
    resident: Resident, session: Slot, wish: Wish, players: list[Companion], terms: Terms
) -> list[checkout.Visitor]:
    """Return the visitors of a session, each at the price of their own ticket type."""
    wishes = [visit.Wish(one.companion_id, one.ticket_type or wish.ticket_type) for one in wish.players]
    priced = _priced(resident, session, wishes, range(len(wishes)))
    return _asked(priced, players, terms, session["day"])


def _court(
    resident: Resident, hours: list[Slot], wish: Wish, players: list[Companion], terms: Terms
) -> tuple[list[checkout.Visitor], list[checkout.Extra]]:
    """Return who plays, one of them at the price of the first hour, and the further hours."""
    chosen = [n for n, one in enumerate(wish.players) if one.ticket_type]
    if chosen:
        raise TypePerPlayer(fields={f"players.{chosen[0]}.ticket_type": [TypePerPlayer.zh]})
    kinds = [kind_of(hour, number, wish.ticket_type) for number, hour in enumerate(hours)]
    own = next((n for n, one in enumerate(players) if one.is_self), None)
    if kinds[0].get("concession") and own is None:
        raise BookerMissing(fields={"ticket_type": [BookerMissing.zh]})
    lead = own or 0
    charged = _priced(resident, hours[0], [visit.Wish(players[lead].id, wish.ticket_type)], [None])[0]
    day = hours[0]["day"]
    visitors = [charged if n == lead else _player(one, day) for n, one in enumerate(players)]
    extras = [
        checkout.Extra(hour, 1, kind["price_fen"], "further_hour", _titled(hour))
        for hour, kind in zip(hours[1:], kinds[1:], strict=True)
    ]
    return _asked(visitors, players, terms, day), extras


def kind_of(hour: Slot, number: int, wanted: str) -> dict[str, Any]:
    """Return the ticket type that an hour sells under a code.

    Raises:
        TicketTypeUnknown: it sells none such.
    """
    kind = next((one for one in hour["classes"] if one["code"] == wanted), None)
    if kind is None:
        raise visit.TicketTypeUnknown(fields={f"slots.{number}": [visit.TicketTypeUnknown.zh]})
    return dict(kind)


def _priced(
    resident: Resident, wanted: Slot, wishes: list[visit.Wish], numbers: Sequence[int | None]
) -> list[checkout.Visitor]:
    """Return visitors with their prices; what is refused is named by the fields of this booking."""
    try:
        return visit.visitors_of(resident, wanted, wishes)
    except CityError as refusal:
        refusal.fields = {_field(name, numbers): told for name, told in refusal.fields.items()}
        raise


def _field(name: str, numbers: Sequence[int | None]) -> str:
    _, _, rest = name.partition("visitors.")
    number, _, last = rest.partition(".")
    if not number.isdigit() or int(number) >= len(numbers):
        return name
    player = numbers[int(number)]
    return last if player is None else f"players.{player}.{last}"


def _player(known: Companion, day: str) -> checkout.Visitor:
    return checkout.Visitor(
        person=known.person_id,
        name=known.name,
        ticket_class=PLAYER,
        price_fen=0,
        age_band=visit.age_band(_age(known, day)),
        document={"kind": known.kind, "tail": known.tail},
    )


def _asked(
    visitors: list[checkout.Visitor], players: list[Companion], terms: Terms, day: str
) -> list[checkout.Visitor]:
    """Return visitors with what the venue asks of each: somebody of full age along, a certificate at the gate."""
    ages = [_age(one, day) for one in players]
    return [
        replace(_inspected(one, terms), needs_guardian=age is not None and age < terms.guardian_below)
        for one, age in zip(visitors, ages, strict=True)
    ]


def _inspected(one: checkout.Visitor, terms: Terms) -> checkout.Visitor:
    """Return a visitor of deep water with the certificate that the gate looks at, beside what it looks at anyway."""
    if not terms.deep_water:
        return one
    return replace(one, inspect=",".join(filter(None, (one.inspect, CERTIFICATE))))


def _titled(hour: Slot) -> str:
    return f"{hour.get('resource_zh') or ''} {clock_of(hour['start'])}-{clock_of(hour['end'])}".strip()


def clock_of(minute: int) -> str:
    """Return a minute of the day as `HH:MM`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
