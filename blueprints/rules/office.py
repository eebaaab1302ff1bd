"""The office surfaces of rules."""

from backend.http.surface import Surface
from blueprints.rules import office_parameters, office_rule_sets

OFFICE: list[Surface] = [office_rule_sets.rule_sets, office_parameters.rule_parameters]
