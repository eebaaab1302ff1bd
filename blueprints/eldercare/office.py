"""The office surfaces of the elder's health view."""

from backend.http.surface import Surface
from blueprints.eldercare import office_elders, office_entries, office_view

OFFICE: list[Surface] = [office_elders.elders, office_entries.entries, office_view.views]
