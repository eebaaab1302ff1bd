"""What the registers say about a firm in one answer, read strictly: a record becomes the facts that it states."""

from collections.abc import Callable
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.registers.fact_kind import day, several
from models.registers.firm_kind import FIELDS, SHAPES

Told = dict[str, Any]
MOST_PATENTS, MOST_TITLES = 1000, 200


def _shape(*kinds: str, **more: ma.fields.Field) -> type[ma.Schema]:
    fields = {name: field for kind in kinds for name, field in SHAPES[kind].items()}

    class Meta:
        unknown = ma.EXCLUDE

    return ma.Schema.from_dict({**fields, **more, "Meta": Meta})  # type: ignore[dict-item]  # a Meta is taken as such


def _code() -> ma.fields.String:
    return ma.fields.String(required=True, validate=validate.Length(18, 18))


def _plain(told: Told, kind: str) -> Told:
    found = {name: told[name] for name in FIELDS[kind]}
    return {name: one.isoformat() if isinstance(one, date) else one for name, one in found.items()}


def _one(kind: str) -> Callable[[Told], list[Told]]:
    """Return the reader of what a register says once about a firm; it holds from the day on which it was stated."""

    def read(told: Told) -> list[Told]:
        on = told["stated_on"].isoformat()
        return [{"kind": kind, "value": _plain(told, kind), "valid_from": on, "stated_on": on}]

    return read


def _patents(told: Told) -> list[Told]:
    rows = [_plain(one, "firm.patent") for one in told["patents"]]
    return [_dated("firm.patent", one, one["number"], one["granted_on"]) for one in rows]


def _titles(told: Told) -> list[Told]:
    rows = [_plain(one, "firm.title") for one in told["titles"]]
    return [_dated("firm.title", one, f"{one['title']}:{one['recognised_on']}", one["recognised_on"]) for one in rows]


def _dated(kind: str, value: Told, record: str, on: str) -> Told:
    return {"kind": kind, "value": value, "record": record, "valid_from": on, "stated_on": on}


READERS: dict[str, tuple[ma.Schema, Callable[[Told], list[Told]]]] = {
    **{
        source: (_shape(kind, credit_code=_code(), stated_on=day())(), _one(kind))
        for source, kind in {
            "tax": "firm.tax",
            "unit_insurance": "firm.staff",
            "power": "firm.power",
            "statistics": "firm.statistics",
            "credit": "firm.credit",
        }.items()
    },
    "patents": (_shape(credit_code=_code(), patents=several(_shape("firm.patent"), MOST_PATENTS))(), _patents),
    "titles": (_shape(credit_code=_code(), titles=several(_shape("firm.title"), MOST_TITLES))(), _titles),
}
