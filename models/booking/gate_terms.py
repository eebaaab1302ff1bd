"""What the order of a ticket agreed for the gates: zones, how often each lets in, whether a static code is enough.

They come with the terms that an order takes along from its slot. Whose order agreed on none enters the place once,
every zone of it once, and shows whatever code there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from models.booking.order import Order

WHOLE = "_"
"""How a ticket writes the place as a whole, whose code is empty."""
_GATE_FIELDS = ("code", "most_entries", "again", "parent", "ticket_types")
StaticCode = Literal["accept", "inspect", "refuse"]
Again = Literal["after_exit", "free"]


@dataclass(frozen=True)
class Zone:
    """The rule of one zone for one ticket; `most_entries` 0 is any number within the ticket's hours.

    `again` says when one who is inside may enter once more: after an exit was seen, or at any time, where nobody looks
    at exits. Who leaves `parent` leaves the zone.
    """

    included: bool = True
    most_entries: int = 1
    again: Again = "after_exit"
    parent: str = WHOLE


@dataclass(frozen=True)
class GateTerms:
    """What gates go by for one ticket; `zones` by their code as a ticket writes it, None where none were agreed."""

    zones: Mapping[str, Zone] | None = None
    static_code: StaticCode = "accept"

    def zone(self, code: str) -> Zone:
        """Return the rule of a zone; one that was not agreed on is not included, the place as a whole always is."""
        if self.zones is None or (code == WHOLE and WHOLE not in self.zones):
            return Zone()
        return self.zones.get(code) or Zone(included=False)

    def within(self, code: str) -> set[str]:
        """Return a zone with all zones inside it."""
        found, every = {code}, self.zones or {}
        while more := {name for name, one in every.items() if one.parent in found and name not in found | {WHOLE}}:
            found |= more
        return found


def read(terms: Mapping[str, Any], ticket_class: str) -> GateTerms:
    """Return the part of an order's terms that gates go by, for tickets of a class."""
    told = terms.get("zones")
    zones = None if told is None else {written(one["code"]): _zone(one, ticket_class) for one in told}
    return GateTerms(zones, terms.get("static_code", "accept"))


def _zone(told: Mapping[str, Any], ticket_class: str) -> Zone:
    types = told.get("ticket_types") or []
    return Zone(
        included=not types or ticket_class in types,
        most_entries=told.get("most_entries", 1),
        again=told.get("again", "after_exit"),
        parent=written(told.get("parent", "")),
    )


def carried(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a ticket takes along of the terms of its order, so that a gate reads the ticket alone."""
    told = {"static_code": terms["static_code"]} if "static_code" in terms else {}
    if terms.get("zones") is None:
        return told
    return told | {"zones": [{name: one[name] for name in _GATE_FIELDS if name in one} for one in terms["zones"]]}


def of(ticket: Mapping[str, Any]) -> GateTerms:
    """Return what holds for a ticket: what it carries itself; one of an older release reads its order."""
    terms = ticket.get("terms")
    if terms is None:
        order = Order._get_collection().find_one({"_id": ticket["order"]}, {"terms": 1}) or {}
        terms = order.get("terms") or {}
    return read(terms, ticket["ticket_class"])


def written(code: str) -> str:
    """Return how a ticket writes the code of a zone."""
    return code or WHOLE
