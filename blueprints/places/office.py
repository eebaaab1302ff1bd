"""The office surfaces of places."""

from backend.http.surface import Surface
from blueprints.places import office_places, office_plans, office_sheets, office_window, office_zones

OFFICE: list[Surface] = [
    office_places.places,
    office_plans.plans,
    office_sheets.sheets,
    office_zones.zones,
    office_window.sales,
]
