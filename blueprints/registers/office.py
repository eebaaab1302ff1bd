"""The office surfaces of the registers."""

from backend.http.surface import Surface
from blueprints.registers import office_facts

OFFICE: list[Surface] = [office_facts.registers]
