"""The office surface of content."""

from backend.http.surface import Surface
from blueprints.content import office_content

OFFICE: list[Surface] = [office_content.content]
