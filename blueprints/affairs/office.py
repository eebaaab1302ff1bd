"""The office surfaces of affairs."""

from backend.http.surface import Surface
from blueprints.affairs import office_cases

OFFICE: list[Surface] = [office_cases.cases]
