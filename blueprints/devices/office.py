"""The office surfaces of devices."""

from backend.http.surface import Surface
from blueprints.devices import office_journal, office_limits

OFFICE: list[Surface] = [office_journal.journal, office_limits.limits]
