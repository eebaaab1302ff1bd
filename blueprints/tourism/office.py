"""The office surfaces of tourism."""

from backend.http.surface import Surface
from blueprints.tourism import office_places, office_sheets

OFFICE: list[Surface] = [office_places.places, office_sheets.sheets]
