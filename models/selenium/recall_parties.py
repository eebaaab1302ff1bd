"""Who is behind a party of events: producers, organisations, lines of growers' address books; how they are told.

A line of an address book stands for the organisation that it names, where the county has registered that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import runtime
from backend.identity_documents import mask_name
from models.identity import account, member_accounts, organisation
from models.messaging import notice
from models.selenium import buyer, producer, uri


@dataclass(frozen=True)
class Party:
    """Whom to tell: all their accounts, else the phone number. `person` is the natural person that it is, if any."""

    id: ObjectId
    accounts: tuple[ObjectId, ...] = ()
    producer: ObjectId | None = None
    person: ObjectId | None = None
    number: str = ""


def party_id(text: str) -> ObjectId | None:
    """Return the id of a party of ours, None for a foreign one."""
    number = text.removeprefix(uri.party(""))
    return ObjectId(number) if number != text and ObjectId.is_valid(number) else None


def behind(texts: Iterable[str]) -> dict[str, str]:
    """Return for each party the one that it stands for: mostly itself."""
    ids = {text: party_id(text) for text in texts}
    lines = buyer.several([own for own in ids.values() if own])
    return {text: buyer.parties(lines[own])[-1] if own in lines else text for text, own in ids.items()}


def of_producer(found: dict[str, Any]) -> Party:
    """Return a producer as somebody who is told something."""
    person = found.get("person")
    accounts = account.of_person(person) if person else member_accounts.of_people(found["organisation"])
    phone = found.get("phone")
    number = runtime.current().sealer.open("producers.phone", found["_id"], phone) if phone else ""
    return Party(found["_id"], tuple(accounts), found["_id"], person, number)


def known(text: str) -> Party | None:
    """Return who is behind the URI of a party, None where nobody knows."""
    own = party_id(text)
    if own is None:
        return None
    if grower := producer.several([own]).get(own):
        return of_producer(grower)
    if own in organisation.several([own]):
        return Party(own, tuple(member_accounts.of_people(own)))
    line = buyer.several([own]).get(own)
    return Party(own, number=buyer.phone_of(line)) if line else None


def names(texts: Iterable[str], reader: ObjectId | None = None) -> dict[str, str]:
    """Return the names of known parties; a person of an address book is masked unless `reader`, a producer, owns it."""
    ids = {text: own for text in texts if (own := party_id(text))}
    growers = producer.several(list(ids.values()))
    firms = organisation.several(list(ids.values()))
    lines = buyer.several(list(ids.values()))
    told = {text: growers[own]["shown_name"] for text, own in ids.items() if own in growers}
    told |= {text: firms[own]["name"] for text, own in ids.items() if own in firms}
    return told | {text: _line_name(lines[own], reader) for text, own in ids.items() if own in lines}


def _line_name(line: dict[str, Any], reader: ObjectId | None) -> str:
    name = buyer.name_of(line)
    return name if line["kind"] == "organisation" or line["producer"] == reader else mask_name(name)


def tell(
    party: Party,
    kind: str,
    *,
    key: str,
    values: dict[str, str],
    urgent: bool = False,
    session: ClientSession | None = None,
) -> int:
    """Tell every account of a party something once; without any, its mobile phone. Return how many were told."""
    for one in party.accounts:
        notice.tell(one, kind, key=key, values=values, urgent=urgent, session=session)
    if party.accounts:
        return len(party.accounts)
    if not party.number.startswith("1"):
        return 0
    notice.tell(party.id, kind, key=key, values=values, urgent=urgent, session=session, number=party.number)
    return 1
