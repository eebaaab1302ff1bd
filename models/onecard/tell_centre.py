"""Telling the card centre what was done with a card, command by command in their order.

A command keeps its id until the centre has answered, however often it is sent: the centre carries it out once. A kill
before our write, after it, or after the centre's answer leaves the command where it is, and the queue sends it again.
Two workers who send the same one get the same answer, and the first to write takes the command out.

What the centre says otherwise becomes a named difference. Where it has stopped a card that is in use here, the card is
stopped here too: the stricter word holds until a person has looked.
"""

from contextlib import suppress
from typing import Any

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox
from backend.errors import NotFound
from backend.store import transactions
from models.identity import person
from models.onecard import card, card_centre, card_commands, card_death, card_difference, card_moves, stop_card
from models.onecard.card_centre import Answer, CardCentre, Held, Refused

log = structlog.get_logger()
BY = "system:card_centre"
FIRST = ("issue", "replace")
Card = dict[str, Any]


def work(card_id: ObjectId) -> None:
    """Send what waits, the first one first, until nothing does.

    Raises:
        ExchangeFailure, CentreNotConnected: whether it was done is not known; the queue repeats it.
    """
    centre = card_centre.current()
    while (found := _waiting(card_id)) is not None:
        command = found["commands"][0]
        answer = centre.do(command["command"], command["id"], _told(found, command))
        if command["command"] in FIRST:
            _begun(centre, found, command, answer)
        else:
            _answered(centre, found, command, answer)
    card_death.freeze_issued(card_id)  # once more for who was killed right after taking the card in


def _waiting(card_id: ObjectId) -> Card | None:
    with suppress(NotFound):
        found = card.read(card_id)
        return found if found["commands"] else None
    return None


def _told(found: Card, command: dict[str, Any]) -> dict[str, str]:
    if command["command"] == "issue":
        known = person.read(found["person"])
        return {"id_kind": known.kind, "id_number": known.number, "name": known.name}
    if command["command"] == "replace":
        return {"number": card.number_of(card.read(found["replaces"]))}
    return {"number": card.number_of(found)} | ({"to": command["to"]} if "to" in command else {})


def _begun(centre: CardCentre, found: Card, command: dict[str, Any], answer: Answer) -> None:
    """Take in the card that the centre issued, or the one that the person holds there already."""
    reason = answer.reason if isinstance(answer, Refused) else "unknown"
    held = answer if isinstance(answer, Held) else _held_already(centre, found)
    if held is None:
        _refuse(found, command, reason)
        return
    fields = card_commands.held_fields(found["_id"], held)
    change = card.prepared(found["_id"], "issued", by=BY, electronic=held.electronic, **fields)
    try:
        _move(found, command, change)
    except DuplicateKeyError:  # the number is another card's here
        card_difference.note(found, "number", command=command["command"])
        _refuse(found, command, "number_taken")
        return
    card_death.freeze_issued(found["_id"])
    _compare(found["_id"], held, "issued" if isinstance(answer, Held) else held.status)


def _held_already(centre: CardCentre, found: Card) -> Held | None:
    held = centre.of_person(person.read(found["person"]).number)
    former = card.number_of(card.read(found["replaces"])) if "replaces" in found else ""
    return held if isinstance(held, Held) and held.status in card_moves.LIVE and held.number != former else None


def _refuse(found: Card, command: dict[str, Any], reason: str) -> None:
    if command["command"] == "replace":
        card_difference.note(found, "refused", command="replace", reason=reason)
    _move(found, command, card.prepared(found["_id"], "refused", by=BY, reason=reason))


def _move(found: Card, command: dict[str, Any], change: card.Change) -> None:
    def run(session: ClientSession) -> None:
        if card_commands.command_done(found["_id"], command["id"], {}, session):
            card.move(found["_id"], change, session)

    transactions.run(run)
    outbox.wake("notify")


def _answered(centre: CardCentre, found: Card, command: dict[str, Any], answer: Answer) -> None:
    """Compare what the centre holds after a command with what was meant; who refuses may have had it so before."""
    if found["state"] == "replaced":  # the other card's command tells how this one ended
        card_commands.command_done(found["_id"], command["id"], {})
        return
    name, expected = command["command"], card_moves.EXPECTED.get(command["command"], command.get("to", ""))
    held = centre.state(card.number_of(found)) if isinstance(answer, Refused) else answer
    agrees = isinstance(held, Held) and (held.electronic == "signed" if name == "sign_on" else held.status == expected)
    sets = {"electronic": "signed"} if name == "sign_on" and agrees else {}
    if not isinstance(held, Held):
        card_difference.note(found, "unknown", command=name, ours=found["state"])
    elif name == "sign_on" and not agrees:
        card_difference.note(found, "electronic", command=name, ours="signed", theirs=held.electronic)
    elif isinstance(answer, Refused) and not agrees:
        card_difference.note(found, "refused", command=name, ours=expected, theirs=held.status, reason=answer.reason)
    card_commands.command_done(found["_id"], command["id"], sets)
    if isinstance(held, Held) and name != "sign_on":
        _compare(found["_id"], held, expected)


def _compare(card_id: ObjectId, held: Held, expected: str) -> None:
    """Note a status other than the expected one unless a later command will change it; follow a stricter one."""
    found = card.read(card_id)
    if found["commands"] or found["state"] == "replaced":
        return
    if held.number != card.number_of(found):
        card_difference.note(found, "number")
        return
    if held.status == expected == found["state"]:
        card_difference.agree(card_id, "status", "refused", "unknown", "number")
        return
    if held.status == found["state"] or (found["state"], held.status) == ("issued", "active"):
        return  # a card that was in use before it came here is activated here too
    card_difference.note(found, "status", ours=found["state"], theirs=held.status)
    log.warning("card_differs", ours=found["state"], theirs=held.status)
    if card_moves.LOOSER[held.status] > card_moves.LOOSER.get(found["state"], 0) == 0:
        stop = {"how": "centre", "by": BY}
        with suppress(card.NotNow):  # it was stopped meanwhile
            stop_card.carry_out(
                card_id, card.prepared(card_id, "freeze", by=BY, reason="centre_says", silent=True, stop=stop)
            )


def check(card_id: ObjectId) -> None:
    """Ask the centre how a card stands there and compare.

    Raises:
        ExchangeFailure, CentreNotConnected: no trustworthy answer came.
    """
    found = card.read(card_id)
    number = card.number_of(found)
    if number and not found["commands"]:
        held = card_centre.current().state(number)
        if isinstance(held, Held):
            _compare(card_id, held, found["state"])
        else:
            card_difference.note(found, "unknown", ours=found["state"])
    card_commands.checked(card_id, clock.now())
