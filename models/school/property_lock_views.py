"""Property locks as the bureau sees them: who uses the property of an application, by masked names."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend.identity_documents import mask_name
from models.audit import access_line
from models.identity import person
from models.identity.actors import Staff
from models.school import application, property_lock
from models.school.property_lock import KIND_ZH

FIELDS = ("person.name", "school.lock")


def of_application(actor: Staff, application_id: ObjectId, *, purpose: str) -> list[dict[str, Any]]:
    """Return the locks of the property that an application rests on, after an access line about all holders.

    Raises:
        NotAllowed: no role of the actor leads reviews.
        NotFound: no such application.
    """
    actor.require("school.review")
    application.read(application_id)
    found = property_lock.of_application(application_id)
    holders = sorted({one for lock in found for one in lock["people"]})
    access_line.record(actor, purpose=purpose, subjects=holders, fields=FIELDS)
    names = {one: mask_name(known.name) for one, known in person.several(holders).items()}
    return [_shown(one, names) for one in found]


def _shown(found: Mapping[str, Any], names: Mapping[ObjectId, str]) -> dict[str, Any]:
    return {
        "stage": found["stage"],
        "kind": found["kind"],
        "kind_zh": KIND_ZH[found["kind"]],
        "live": bool(found.get("live")),
        "school_year": found["school_year"],
        "until": found["until"],
        "holders": [names[one] for one in found["people"] if one in names],
        "uses": [_use(one) for one in found["uses"]],
    }


def _use(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: one[name] for name in ("round", "school_year", "until")}
    return told | {"application_id": str(one["application"]), "freed": "freed" in one}
