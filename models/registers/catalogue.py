"""All registers and all kinds of facts, of persons and of firms: for who meets a code and asks what it stands for."""

from typing import Any

import marshmallow as ma

from models.registers.fact_kind import KINDS, Kind, ValueWrong
from models.registers.firm_kind import FIRM_KINDS
from models.registers.firm_source import ABOUT_FIRMS, FIRM_SOURCES
from models.registers.source import SOURCES, Source
from models.registers.subject import Subject

EVERY_SOURCE: dict[str, Source] = {**SOURCES, **FIRM_SOURCES}
EVERY_KIND: dict[str, Kind] = {**KINDS, **FIRM_KINDS}
OF_FIRMS = ("business.licence", *FIRM_KINDS)
"""What a firm's own file shows."""


def asked_about(subject: Subject) -> tuple[str, ...]:
    """Return the registers that are asked about a person, or about an organisation."""
    return ABOUT_FIRMS if subject.organisation else tuple(SOURCES)


def read(kind: str, value: Any) -> dict[str, Any]:
    """Return a value of a kind in the form that is stored.

    Raises:
        ValueWrong: it is none.
    """
    shape = EVERY_KIND[kind].shape
    try:
        return dict(shape.dump(shape.load(value)))
    except ma.ValidationError as error:
        raise ValueWrong(fields={str(name): [ValueWrong.zh] for name in error.normalized_messages()}) from None
