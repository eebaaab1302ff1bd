"""The office surfaces of files."""

from backend.http.surface import Surface
from blueprints.media import office_files

OFFICE: list[Surface] = [office_files.files]
