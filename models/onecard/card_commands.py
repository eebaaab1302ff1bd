"""What waits in a card for the card centre, and what its answers leave there; see `tell_centre`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox, runtime
from models.onecard.card import Card, pending, read
from models.onecard.card_centre import Held

_TELLS = {"active": "unfreeze", "lost": "report_loss", "frozen": "freeze", "cancelled": "cancel"}


def sign_on_once(card_id: ObjectId) -> bool:
    """Have the e-card signed on, unless that is under way; return whether this call asked for it."""
    guard = {"_id": card_id, "state": "active", "electronic": "unsigned", "commands.command": {"$ne": "sign_on"}}
    return _add(guard, card_id, pending("sign_on"))


def tell_again(card_id: ObjectId, name: str, theirs: str, session: ClientSession | None = None) -> None:
    """Tell the centre once more where the card stands here; `name` is the difference, `theirs` their status."""
    found = read(card_id, session)
    command = _TELLS.get(found["state"], "")
    if found["state"] == "active" and (name == "electronic" or theirs == "issued"):
        command = "sign_on" if name == "electronic" else "activate"
    if command:
        back = {"to": "active"} if command == "unfreeze" else {}
        _add({"_id": card_id, "state": found["state"]}, card_id, pending(command, **back), session)


def _add(
    guard: dict[str, Any], card_id: ObjectId, command: dict[str, Any], session: ClientSession | None = None
) -> bool:
    follow = outbox.entry("cards", "cards.tell_centre", card=str(card_id))
    change = {"$push": {"commands": command, "outbox": follow}, "$inc": {"seq": 1}}
    return bool(Card._get_collection().update_one(guard, change, session=session).modified_count)


def held_fields(card_id: ObjectId, held: Held) -> dict[str, Any]:
    """Return the fields of what the centre holds of a card, ready to store."""
    sealer = runtime.current().sealer
    return {
        "number": sealer.seal("cards.number", card_id, held.number),
        "number_index": sealer.blinds("cards.number", held.number),
        "number_tail": held.number[-4:],
        "bank": held.bank,
        "bank_tail": held.bank_tail,
        "ready_on": held.ready_on.isoformat(),
    }


def command_done(
    card_id: ObjectId, command_id: str, sets: Mapping[str, str], session: ClientSession | None = None
) -> bool:
    """Take out the command that the centre has answered; return whether it still stood first."""
    change: dict[str, Any] = {"$pop": {"commands": -1}, "$inc": {"seq": 1}} | ({"$set": dict(sets)} if sets else {})
    guard = {"_id": card_id, "commands.0.id": command_id}
    return bool(Card._get_collection().update_one(guard, change, session=session).modified_count)


def due_for_check(before: datetime, most: int) -> list[ObjectId]:
    """Return live cards that were not compared with the centre since a moment, the longest ago first."""
    query = {"live": True, "checked_at": {"$lt": before}}
    found = Card._get_collection().find(query, {"_id": 1}).sort("checked_at", 1).limit(most)
    return [one["_id"] for one in found]


def checked(card_id: ObjectId, at: datetime) -> None:
    """Note that a card was compared with the centre."""
    Card._get_collection().update_one({"_id": card_id}, {"$set": {"checked_at": at}})
