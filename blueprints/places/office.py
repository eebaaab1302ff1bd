"""The office surfaces of places."""

from backend.http.surface import Surface
from blueprints.places import office_places, office_sheets

OFFICE: list[Surface] = [office_places.places, office_sheets.sheets]
