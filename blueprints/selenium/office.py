"""The office surfaces of selenium-rich produce."""

from backend.http.surface import Surface
from blueprints.selenium import (
    office_certifications,
    office_codes,
    office_growers,
    office_products,
    office_recalls,
    office_standards,
)

OFFICE: list[Surface] = [
    office_growers.growers,
    office_codes.codes,
    office_products.products,
    office_standards.standards,
    office_certifications.certifications,
    office_recalls.recalls,
]
