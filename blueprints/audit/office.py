"""The office surfaces of the audit."""

from backend.http.surface import Surface
from blueprints.audit import office_audit

OFFICE: list[Surface] = [office_audit.audit]
