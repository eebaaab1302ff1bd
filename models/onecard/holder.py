"""What a scanner is shown of the person whose code it read: no more than its class needs, and never without a line."""

from typing import Any

from backend import clock
from backend.identity_documents import mask_name
from models.audit import access_line
from models.identity import person
from models.identity.actors import Device
from models.onecard.verdict import Verdict

PURPOSE = "card_use"
SHOWN = {
    "identity": ("person.name", "person.age_band"),
    "medical": ("person.name",),
    "transit": ("person.age_band",),
    "venue": ("person.age_band",),
    "payment": (),
}
"""A counter and a hospital address the person; a bus and a gate look whether the card is in the right hand."""
_BANDS = ((7, "child"), (18, "youth"), (60, "adult"))
"""Rough, to see that the card is in the right hand; what a concession needs is decided by its rules."""


def shown(device: Device, verdict: Verdict) -> dict[str, Any]:
    """Return name and age band as far as this scanner may see them, after the access line is stored."""
    fields = SHOWN[device.scanner_class] if verdict.accepted else ()
    if not fields or verdict.person_id is None:
        return {}
    access_line.record(device, purpose=PURPOSE, subjects=[verdict.person_id], fields=fields)
    known = person.read(verdict.person_id)
    told = {"person.name": ("name", mask_name(known.name)), "person.age_band": ("age_band", _band(known))}
    return dict(told[field] for field in fields)


def _band(known: person.Known) -> str:
    age = known.age(clock.today())
    return "unknown" if age is None else next((name for below, name in _BANDS if age < below), "senior")
