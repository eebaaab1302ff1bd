"""The office surfaces of benefits."""

from backend.http.surface import Surface
from blueprints.benefits import office_batches, office_items, office_lines

OFFICE: list[Surface] = [
    office_items.items,
    office_batches.batches,
    office_lines.lines,
    office_lines.sheets,
]
