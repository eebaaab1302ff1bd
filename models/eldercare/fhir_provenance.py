"""Provenance both ways: stored ones as they were told, and for each fact the one that its own source makes.

The provenance of a fact by its own source has the id `<type>.<id>`; nobody stores or changes it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from models.eldercare import codes, fhir_parts, fhir_record, provenance
from models.eldercare.fhir_type import FhirType, updated, within
from models.eldercare.provenance import HealthProvenance
from models.eldercare.source import Source
from models.fhir import resources, times
from models.fhir.searching import Asked

ACTIVITY = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
ABOUT = ("Observation", *fhir_record.KIND)
MOST_TARGETS = 50


def own(resource_type: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provenance of a fact that its own source makes."""
    told_ = fhir_parts.head("Provenance", found) | {"id": f"{resource_type}.{found['_id']}"}
    first = found["version"] == 1
    agent = {
        "type": fhir_parts.concept("author", AGENT),
        "who": fhir_parts.teller(found["source"]),
    }
    return told_ | {
        "target": [{"reference": f"{resource_type}/{found['_id']}"}],
        "recorded": times.instant(found.get("changed_at") or found["recorded_at"]),
        "occurredDateTime": times.told(found["at"]),
        "activity": fhir_parts.concept("CREATE" if first else "UPDATE", ACTIVITY),
        "agent": [agent],
    }


def told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource of a stored provenance."""
    target = [{"reference": f"{one['type']}/{one['id']}"} for one in found["about"]]
    return fhir_parts.head("Provenance", found) | provenance.content(found) | {"target": target}


def targets(resource: Mapping[str, Any]) -> list[tuple[str, ObjectId]]:
    """Return type and id of what a provenance is about.

    Raises:
        ResourceInvalid: a target is none of the facts that lie here.
    """
    found = []
    given = resource.get("target", ())
    if len(given) > MOST_TARGETS:
        raise resources.wrong("Provenance.target", f"{MOST_TARGETS} at most", "too-long")
    for place, one in enumerate(given):
        kind, _, number = str(one.get("reference", "")).rpartition("/")[0::1]
        kind = kind.rpartition("/")[2]
        if kind not in ABOUT or not ObjectId.is_valid(number):
            raise resources.wrong(f"Provenance.target[{place}]", f"[type]/[id] of {', '.join(ABOUT)}", "not-found")
        found.append((kind, ObjectId(number)))
    return found


def read_in(resource: dict[str, Any], subject_id: ObjectId, source: Source) -> dict[str, Any]:
    """Return the document of a resource that was checked, not stored; what its targets are, the writer adds.

    Raises:
        ResourceInvalid: targets, dates or references are not such as are kept.
    """
    fhir_parts.require_own(resource, subject_id, "Provenance", more=("target",))
    about = [{"type": kind, "id": number} for kind, number in targets(resource)]
    at = fhir_parts.moment(resource["recorded"], "Provenance.recorded")
    left = (*resources.EVERYWHERE, "target")
    said = {name: one for name, one in resource.items() if name not in left}
    return provenance.made(subject_id, said, about, source, at)


def key(document: Mapping[str, Any], recorded: str) -> str:
    """Return the key of a conditional create: who is told to have recorded what, when, about which facts."""
    about = sorted(f"{one['type']}/{one['id']}" for one in document["about"])
    digest = hashlib.sha256("\n".join([recorded, *about]).encode()).hexdigest()
    return f"fhir:{document['subject']}:provenance:{digest}"


def facts(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a reader must see to see a fact, or what is told about facts."""
    if "about" not in found:
        return [found]
    return [{"code": one["what"], "_id": one["id"]} for one in found["about"]]


def what(found: Mapping[str, Any]) -> str:
    """Return what a fact is: a quantity, or a kind of record."""
    return str(found.get("code") or found.get("kind"))


def _query(asked: Asked) -> dict[str, Any]:
    conditions = [*within(asked, "recorded"), *updated(asked)]
    if "target" in asked.references:
        numbers = [one.rpartition("/")[2] for one in asked.references["target"]]
        conditions.append({"about.id": {"$in": [ObjectId(one) for one in numbers if ObjectId.is_valid(one)]}})
    return {"$and": conditions} if conditions else {}


TYPE = FhirType(
    name="Provenance",
    shows="health.provenance",
    document=HealthProvenance,
    search={"patient": "patient", "target": "reference", "recorded": "date"},
    sorted_by="recorded",
    kept=(
        "target", "occurredDateTime", "occurredPeriod", "recorded", "policy", "reason", "activity", "agent",
    ),
    read_in=read_in,
    told=told,
    query=_query,
    fits=lambda _found, _asked: True,
    changes=lambda _found, _document: {},
    word="about.what",
    item="about.id",
    patient="target",
    updates=False,
)  # fmt: skip
assert set(codes.NAMES).isdisjoint(fhir_record.KIND.values()), "what a fact is must tell quantities from records"
