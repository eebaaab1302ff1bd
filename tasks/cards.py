"""The card centre is told and asked; holders and relatives are told; death lists are read; family cards end."""

from contextlib import suppress

from bson import ObjectId

from backend import outbox, periodic
from backend.errors import NotFound
from models.identity import account
from models.messaging import inbox
from models.onecard import card as cards
from models.onecard import (
    death_list,
    family,
    tell_centre,
    use_late,  # noqa: F401 - registers what settles codes that identify
)


@outbox.function("cards.tell_centre")
def tell_card_centre(card: str) -> None:
    """Send the card centre what waits for it."""
    tell_centre.work(ObjectId(card))


@outbox.function("cards.tell")
def tell_holder(card: str, what: str, event: str) -> None:
    """Tell the holder what became of the card, on the phone that is surely theirs."""
    with suppress(NotFound):  # it was erased meanwhile
        _tell(holder_of(ObjectId(card)), what, event)


def holder_of(card_id: ObjectId) -> ObjectId:
    """Return whose a card is."""
    found: ObjectId = cards.read(card_id)["person"]
    return found


@outbox.function("cards.tell_family")
def tell_family(grant: str, what: str, event: str) -> None:
    """Tell who is asked to carry a family card, or both sides."""
    with suppress(NotFound):
        found = family.read(ObjectId(grant))
        for side in [found["carrier"]] if what == "family_offered" else [found["holder"], found["carrier"]]:
            _tell(side, what, event)


def _tell(person_id: ObjectId, what: str, event: str) -> None:
    for account_id in account.of_person(person_id):
        inbox.put(account_id, what, key=event)


@periodic.daily("cards.read_deaths", queue="cards", hour=5, minute=30)
def read_deaths() -> None:
    """Read the death lists of the days that are over."""
    death_list.read_all()


@periodic.every("cards.check", queue="cards", seconds=600)
def check() -> None:
    """Compare cards with the card centre and the registers, those of longest ago first, each once a day at most."""
    death_list.check_due()


@periodic.every("cards.end_family", queue="trust", seconds=300)
def end_family() -> None:
    """End family cards whose time is over."""
    while family.end_due() == family.BATCH:
        continue
