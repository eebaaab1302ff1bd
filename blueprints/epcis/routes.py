"""All routes of EPCIS."""

from blueprints.epcis import capture, events, resources  # noqa: F401 - each lays its routes
from blueprints.epcis.surface import epcis

__all__ = ["epcis"]
