"""The office surfaces of tourism."""

from backend.http.surface import Surface
from blueprints.tourism import office_figures, office_guide

OFFICE: list[Surface] = [office_guide.guide, office_figures.figures]
