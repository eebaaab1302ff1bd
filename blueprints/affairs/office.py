"""The office surfaces of affairs."""

from backend.http.surface import Surface
from blueprints.affairs import office_cases, office_items

OFFICE: list[Surface] = [office_cases.cases, office_items.items]
