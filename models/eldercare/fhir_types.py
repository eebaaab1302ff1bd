"""All types of the FHIR interface, and what each offers."""

from backend import runtime
from models.eldercare import fhir_observation, fhir_provenance, fhir_record
from models.eldercare.fhir_type import FhirType
from models.fhir.capability import Offered
from models.fhir.errors import TypeUnknown
from models.fhir.searching import Kind

TYPES: dict[str, FhirType] = {
    one.name: one for one in (fhir_observation.TYPE, *fhir_record.TYPES, fhir_provenance.TYPE)
}
PATIENT = "Patient"
PATIENT_SEARCH: dict[str, Kind] = {}
PATIENT_FIELDS = ("person.name", "person.birth")
OPERATIONS = {
    "everything": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    "summary": "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
}
OFFERED = {
    PATIENT: Offered(PATIENT_SEARCH, updates=False, operations=OPERATIONS),
    **{name: Offered(one.search, updates=one.updates) for name, one in TYPES.items()},
}


def named(resource_type: str) -> FhirType:
    """Return a type by its name.

    Raises:
        TypeUnknown: there is none, or it is no type of facts.
    """
    if resource_type not in TYPES:
        raise TypeUnknown
    return TYPES[resource_type]


def base() -> str:
    """Return the address of this server."""
    return f"{runtime.current().settings.public_base_url}/fhir"
