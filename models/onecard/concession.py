"""A concession (优待): who may have it by which rule, where, since when, and by what law. Dated data, never constants.

One document a version. The day of use decides which version counts, so that a visit booked today for a day after a
change is judged by what holds on that day.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from mongoengine import DictField, Document, IntField, ListField, StringField

from backend.errors import NotFound

COLLECTION = "concessions"
MOST = 500


class Concession(Document):
    """The id reads code and version. `rule` is the code of a rule set, `facts` what it reads of a person.

    `document` is what a gate or driver looks at where the registers do not prove it; `places` names where it applies,
    everywhere when empty.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["code", "valid_from"]}],
    }
    id = StringField(primary_key=True)
    code = StringField(required=True)
    version = IntField(required=True)
    zh = StringField(required=True)
    rule = StringField(required=True)
    facts = ListField(StringField(), required=True)
    document = StringField(required=True)
    document_zh = StringField(required=True)
    places = ListField(StringField())
    basis = DictField(required=True)
    valid_from = StringField(required=True)
    valid_to = StringField()


class ConcessionUnknown(NotFound):
    """404: there is no such concession."""

    code = "concession_unknown"
    zh = "没有这项优待,请核对后再试。"
    en = "There is no such concession."


@dataclass(frozen=True)
class InForce:
    """A version, opened; `holds` is False where no version counts on the day, and this is the nearest one."""

    code: str
    version: int
    zh: str
    rule: str
    facts: tuple[str, ...]
    document: str
    document_zh: str
    places: tuple[str, ...]
    basis: dict[str, Any]
    valid_from: str
    valid_to: str | None
    holds: bool

    def applies_at(self, place: str) -> bool:
        """Tell whether it applies at a place; where no place is named, it is asked in general."""
        return not place or not self.places or place in self.places


def on(code: str, day: date) -> InForce:
    """Return the version of a concession that counts on a day, else its last one as not in force.

    Raises:
        ConcessionUnknown: there is none with this code.
    """
    versions = list(Concession._get_collection().find({"code": code}).sort("valid_from", 1).limit(MOST))
    if not versions:
        raise ConcessionUnknown
    return _on(versions, day)


def all_on(day: date) -> list[InForce]:
    """Return every concession that is in force on a day."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for one in stored():
        grouped.setdefault(one["code"], []).append(one)
    found = [_on(versions, day) for versions in grouped.values()]
    return [one for one in found if one.holds]


def stored() -> list[dict[str, Any]]:
    """Return every version of every concession, by code and date."""
    order = [("code", 1), ("valid_from", 1)]
    return list(Concession._get_collection().find({"code": {"$gt": ""}}).sort(order).limit(MOST))


def _on(versions: list[dict[str, Any]], day: date) -> InForce:
    holding = [one for one in versions if _holds(one, day)]
    return _opened((holding or versions)[-1], holds=bool(holding))


def _holds(found: dict[str, Any], day: date) -> bool:
    until = found.get("valid_to")
    return bool(found["valid_from"] <= day.isoformat() and (until is None or day.isoformat() <= until))


def _opened(found: dict[str, Any], *, holds: bool) -> InForce:
    return InForce(
        code=found["code"],
        version=found["version"],
        zh=found["zh"],
        rule=found["rule"],
        facts=tuple(found["facts"]),
        document=found["document"],
        document_zh=found["document_zh"],
        places=tuple(found.get("places", ())),
        basis=found["basis"],
        valid_from=found["valid_from"],
        valid_to=found.get("valid_to"),
        holds=holds,
    )


def put(told: dict[str, Any]) -> None:
    """Store a version as the county's reference data has it; repeating it changes nothing."""
    record = {name: value for name, value in told.items() if value is not None}
    version_id = f"{told['code']}:{told['version']}"
    Concession._get_collection().update_one({"_id": version_id}, {"$set": record}, upsert=True)
