"""The units that care for elders in the demonstration; no public list of the county's clinics and homes was found."""

from pathlib import Path

import orjson

from models.identity import unit

FILE = Path(__file__).parent / "county" / "health_units.json"
PARENT = "health_commission"


def demo_units() -> int:
    """Put the made-up units where they are not there yet; return how many there are."""
    found = orjson.loads(FILE.read_bytes())["demo"]
    told = {"kind": "institution", "parent": PARENT, "valid_from": "2026-01-01", "confidence": "low"}
    for one in found:
        unit.seed({**one, **told, "source": [{"title": "演示虚构"}]})
    return len(found)
