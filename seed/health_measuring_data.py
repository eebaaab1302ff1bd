"""How kiosks and wearables measure: repeats, late uploads, sustained excursions, each figure with its source."""

from pathlib import Path

import orjson

from models.rules import parameters

FILE = Path(__file__).parent / "county" / "health_measuring.json"


def rules() -> int:
    """Put the figures where there are none; what staff changed is left. Return how many."""
    told = orjson.loads(FILE.read_bytes())["parameters"]
    for one in told:
        parameters.seed(one)
    return len(told)
