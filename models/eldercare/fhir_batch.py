"""Batch Bundles: each entry by itself, as if it came alone; what is refused is told beside what was stored."""

from typing import Any

from backend.errors import CityError
from models.eldercare import fhir_write
from models.eldercare.fhir_write import Stored
from models.fhir import bundle
from models.identity.actors import Staff


def carry_out(actor: Staff, told: Any) -> list[Stored | CityError]:
    """Carry out the entries of a batch, and return what each came to or why it was refused, in their order.

    Entries do not know each other: a `urn:uuid` of another entry names nothing.

    Raises:
        BodyUnreadable, ResourceInvalid: it is no batch, or too large.
    """
    return [_one(actor, one, place) for place, one in enumerate(bundle.raw(told, "batch"))]


def _one(actor: Staff, told: Any, place: int) -> Stored | CityError:
    try:
        return fhir_write.single(actor, bundle.entry(told, place))
    except CityError as refused:
        return refused
