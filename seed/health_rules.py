"""What the county's health rules are: conditions and parameters, scoring tables, assessments, the yearly check."""

from pathlib import Path
from typing import Any

import orjson

from models.eldercare import tool
from models.rules import parameters, rule_set

FOLDER = Path(__file__).parent / "county"


def _read(name: str) -> dict[str, Any]:
    return dict(orjson.loads((FOLDER / name).read_bytes()))


def rules() -> int:
    """Put the rules by which measurements are judged and their parameters, where there are none; return how many."""
    told = _read("health_rules.json")
    for one in told["parameters"]:
        parameters.seed(one)
    for one in told["rules"]:
        rule_set.seed(one)
    return len(told["rules"])


def tools() -> int:
    """Put the versions of tables that are not there yet; return how many versions there are."""
    told = _read("health_tools.json")["tools"]
    for one in told:
        tool.seed(one)
    return len(told)
