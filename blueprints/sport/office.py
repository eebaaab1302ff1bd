"""The office surfaces of sport."""

from backend.http.surface import Surface
from blueprints.sport import office_closures, office_resources, office_sheets, office_venues, office_water

OFFICE: list[Surface] = [
    office_resources.resources,
    office_sheets.sheets,
    office_venues.venues,
    office_closures.closures,
    office_water.water,
]
