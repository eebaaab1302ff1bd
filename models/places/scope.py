"""Which places a member of the staff reaches: unit × area. What lies outside is not found."""

from typing import Any

from backend.errors import NotFound
from models.booking import slot as slots
from models.identity.actors import Staff
from models.places.place import read as read_place


def place(actor: Staff, operation: str, place_id: str) -> dict[str, Any]:
    """Return a place that `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such place, or outside the actor's scope.
    """
    actor.require(operation)
    found = read_place(place_id)
    if not reaches(actor, operation, found):
        raise NotFound
    return found


def slot(actor: Staff, operation: str, slot_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a slot and its place, which `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such slot, or outside the actor's scope; both are answered alike.
    """
    actor.require(operation)
    try:
        found = slots.read(slot_id)
    except NotFound:
        raise NotFound from None
    return found, place(actor, operation, found["place"])


def reaches(actor: Staff, operation: str, found: dict[str, Any]) -> bool:
    """Tell whether `operation` of the actor reaches a place."""
    return actor.covers(operation, unit=found.get("unit") or "", area=area(found))


def area(found: dict[str, Any]) -> str:
    """Return the division that a place lies in, as exactly as is known."""
    return found.get("village_code") or found.get("town_code") or ""


def places(actor: Staff, operation: str) -> dict[str, Any]:
    """Return the query of the places that `operation` of the actor may reach by unit; areas are told by `reaches`."""
    units = actor.units_for(operation)
    ranked = {"rank": {"$gte": 0}}
    return ranked if units is None else {"unit": {"$in": sorted(units)}, **ranked}
