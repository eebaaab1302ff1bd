"""What the back office does with crowds."""

from backend.http.surface import Surface
from blueprints.crowd.office_crowd import crowd
from blueprints.crowd.office_reports import reports

OFFICE: list[Surface] = [crowd, reports]
