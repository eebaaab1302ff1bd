"""The office surfaces of affairs."""

from backend.http.surface import Surface
from blueprints.affairs import office_cases, office_items, office_matters

OFFICE: list[Surface] = [office_cases.cases, office_items.items, office_matters.matters]
