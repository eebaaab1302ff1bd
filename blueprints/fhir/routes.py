"""All routes of FHIR."""

from blueprints.fhir import patients, resources  # noqa: F401 - each lays its routes
from blueprints.fhir.surface import fhir

__all__ = ["fhir"]
