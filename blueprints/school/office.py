"""The office surfaces of school enrolment."""

from backend.http.surface import Surface
from blueprints.school import (
    office_candidates,
    office_districts,
    office_finding,
    office_rounds,
    office_rule_previews,
    office_schools,
)

OFFICE: list[Surface] = [
    office_rounds.office_rounds,
    office_schools.office_schools,
    office_districts.office_districts,
    office_districts.sheets,
    office_finding.finding,
    office_candidates.candidates,
    office_finding.sheets,
    office_rule_previews.previews,
]
