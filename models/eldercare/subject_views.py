"""Elders before the staff who care for them. Plain dicts; each look leaves its access line."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.store import paging
from models.audit import access_line
from models.eldercare import subject, view
from models.eldercare.item_views import wire
from models.eldercare.reader import Reader
from models.eldercare.subject import HealthSubject
from models.identity import person, unit
from models.identity.actors import Staff
from models.identity.person import Known

SEX_ZH = {"male": "男", "female": "女"}
FIELDS = ("person.name", "health.elder")


def listed(
    actor: Staff, unit_code: str = "", *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the elders for whom the actor's units care, or one unit of theirs, the latest change first.

    Raises:
        NotAllowed: no role of theirs reads health records.
        NotFound: the unit is not theirs.
    """
    actor.require("health.read")
    reached = actor.units_for("health.read")
    if unit_code and reached is not None and unit_code not in reached:
        raise NotFound
    units = {unit_code} if unit_code else reached
    if units is None:
        raise NotFound
    found, following = paging.page(
        HealthSubject._get_collection(), subject.reached(units), sort=("latest", -1), cursor=cursor, limit=limit
    )
    return shown(actor, found), following


def one(actor: Staff, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return one elder, after an access line."""
    return shown(actor, [found])[0]


def of_reader(reader: Reader) -> dict[str, Any]:
    """Return the elder whom somebody reads; the line was stored by the look itself."""
    known = person.several([reader.person_id])
    return _shown(reader.subject, known.get(reader.person_id), _unit_names([reader.subject]))


def shown(actor: Staff, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return elders ready for the wire, after one access line about all of them."""
    persons = {one["_id"]: subject.person_of(one) for one in found}
    access_line.record(actor, purpose=view.PURPOSE, subjects=persons.values(), fields=FIELDS)
    known, names = person.several(list(persons.values())), _unit_names(found)
    return [_shown(one, known.get(persons[one["_id"]]), names) for one in found]


def places(found: Mapping[str, Any], names: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Return the units that care for an elder."""
    called = _unit_names([found]) if names is None else names
    return [
        {
            "unit": one["unit"],
            "unit_zh": called.get(one["unit"], ""),
            "cares_as": one["as"],
            "cares_as_zh": subject.CARES_AS[one["as"]],
            "since": wire(one["since"]),
        }
        for one in found["units"]
    ]


def _unit_names(found: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return unit.names({place["unit"] for one in found for place in one["units"]})


def _shown(found: Mapping[str, Any], known: Known | None, names: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": str(ObjectId(found["_id"])),
        "name": known.name if known else "",
        "area": found.get("area", ""),
        "units": places(found, names),
        "latest": wire(found["latest"]),
    }
    age = known.age(clock.today()) if known else None
    told |= {"age": age} if age is not None else {}
    if sex := found.get("sex"):
        told |= {"sex": sex, "sex_zh": SEX_ZH[sex]}
    return told
