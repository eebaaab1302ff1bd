"""The ID card instead of a ticket: whose it is walks by the ticket that was booked for them.

Whoever can read cards could also ask for numbers, so a reader gets few misses, and no answer tells whether a person is
known. The number is compared by its blind index and kept nowhere.
"""

from typing import Any

from backend.errors import KeyReused, NotAllowed
from backend.identity_documents import IdentityDocument
from models.audit import access_line
from models.booking import gate, gate_scan, ticket
from models.booking.gate_answer import Answer
from models.booking.gate_code import Code
from models.identity import person
from models.identity.actors import Device

PURPOSE = "booking_service"
SHOWN = ("person.age_band",)
NOBODY = "no_ticket"


class ReadsNoDocuments(NotAllowed):
    """403: the gate is not registered as one with a card reader."""

    code = "device_reads_no_documents"
    zh = "本闸机没有登记读证功能,请联系管理员登记后再用。"
    en = "This gate is not registered as one that reads documents."


def require_reader(device: Device) -> None:
    """Check that a gate may ask by documents.

    Raises:
        ReadsNoDocuments: it may not.
    """
    if not device.reads_documents:
        raise ReadsNoDocuments


def scan(device: Device, document: IdentityDocument, direction: str = "") -> Answer:
    """Decide on a document that a reader read; a repeated request gets the same answer.

    Raises:
        ReadsNoDocuments: the gate has no reader.
        DirectionWrong: the gate does not let people through that way.
        KeyReused: the nonce came with something else before.
    """
    require_reader(device)
    who = gate.passing(device, direction)
    told, known = gate_scan.told(who.id), person.find(document)
    if told and told.get("shown_by", "document") != "document":
        raise KeyReused
    found = _shown_before(told, known) or (gate.of_person(who, known["_id"]) if known else None)
    if found is None:
        if told and "ticket" in told:
            raise KeyReused
        answer = gate.nothing(who, NOBODY)
        gate.note(who, answer)
        return answer
    access_line.record(device, purpose=PURPOSE, subjects=[found["person"]], fields=SHOWN)
    return gate.answered(who, found, told, Code(found["_id"], "document"))


def leave(device: Device, direction: str = "") -> Answer:
    """Open for who leaves by a document that a reader may not ask for any more: nobody is looked up, nobody held.

    Raises:
        DirectionWrong: the gate does not let people out.
    """
    who = gate.passing(device, direction)
    answer = gate.nothing(who, NOBODY)
    gate.note(who, answer)
    return answer


def _shown_before(told: dict[str, Any] | None, known: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the ticket that this very scan was about, whatever became of it since; None for another person's."""
    found = ticket.read(told["ticket"]) if told and "ticket" in told else None
    return found if found and known and found["person"] == known["_id"] else None
