"""A printed card for a person without a phone, handed over at the counter: its text and picture are given once."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import runtime
from backend.codes import card_token
from backend.codes.card_token import Token
from backend.errors import NotFound
from backend.store import transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.identity.counter import Serving
from models.onecard import card, credential, draw
from models.onecard.draw import SeedsReplaced


@dataclass(frozen=True)
class Printed:
    """What the printer gets. The text is a bearer's: it is not kept anywhere."""

    credential: dict[str, Any]
    text: str = field(repr=False)


def owner(card_id: ObjectId) -> ObjectId:
    """Return whose card it is, so that the counter can ask who stands there.

    Raises:
        NotFound: no such card.
    """
    person_id: ObjectId = card.read(card_id)["person"]
    return person_id


def printed(actor: Staff, here: Serving, card_id: ObjectId, key: str) -> Printed:
    """Print the card of the person served; the one printed before is revoked. The same key gives the same text again.

    Raises:
        NotFound: no such card of this person.
        CardNotActive: it is not to be used now.
        SeedsReplaced: what was printed under this key is revoked.
    """
    actor.require("card.print")
    if card.read(card_id)["person"] != here.for_person_id:
        raise NotFound
    request = hashlib.sha256(f"{actor.key}\x00{card_id}\x00{key}".encode()).hexdigest()
    if (before := credential.by_request(request)) is None:
        before = _begin(actor, here, card_id, request)
    if not draw.holds(before):
        raise SeedsReplaced
    return Printed(before, text(before))


def _begin(actor: Staff, here: Serving, card_id: ObjectId, request: str) -> dict[str, Any]:
    """Store a printed credential and return it, or the one that its key has made meanwhile."""
    made = credential.printed(card_id, person=here.for_person_id, by=actor.key, request=request)
    line = entry.line(
        actor.key, "card.print", f"card:{card_id}", unit=actor.unit, credential=str(made["_id"]), session=str(here.id)
    )

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        draw.require_usable(card_id, session)
        numbered = made | {"generation": credential.next_generation(card_id, session)}
        credential.insert(numbered, session)
        entry.write(line, session)
        return numbered

    try:
        return transactions.run(change)
    except DuplicateKeyError:
        if (before := credential.by_request(request)) is None:
            raise
        return before


def text(stored: dict[str, Any]) -> str:
    """Return the signed text of a printed credential."""
    token = Token(
        bytes(stored["handle"]),
        stored["generation"],
        tuple(stored["kinds"]),
        int(stored["issued_at"].timestamp()),
        int(stored["not_after"].timestamp()),
    )
    return card_token.sign(token, stored["key_id"], runtime.current().code_keys.printed[stored["key_id"]])
