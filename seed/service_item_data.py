"""The county's service items: a file each, put as published where no version of the item is there yet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from models.affairs import service_item_publish

FOLDER = Path(__file__).parent / "county" / "service_items"


def items() -> int:
    """Put the items where they are not there yet; return how many there are.

    Raises:
        ItemWrong: a case of one could get stuck.
    """
    told = [orjson.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))]
    for one in told:
        service_item_publish.seed(one["code"], whole(one), unit_code=one["unit"])
    return len(told)


def whole(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item with everything that its file leaves out."""
    steps = [
        {
            "unit": "",
            "another_person": False,
            "by_area": False,
            **one,
            "outcomes": [_outcome(two) for two in one["outcomes"]],
        }
        for one in told["steps"]
    ]
    stops = [{"asks": False, "once": False, "carry_out": "", **one} for one in told["stops"]]
    return {
        **told,
        "steps": steps,
        "stops": stops,
        "limit": _limit(told["limit"]),
        **_days(steps, stops, told["appeal"]),
    }


def _outcome(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"to": "", "carry_out": "", **told}


def _limit(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"counted": "working", **told}


def _days(steps: list[dict[str, Any]], stops: list[dict[str, Any]], appeal: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "steps": [{**one, "limit": _limit(one["limit"])} for one in steps],
        "stops": [{**one, "longest": _limit(one["longest"])} for one in stops],
        "appeal": {**appeal, "limit": _limit(appeal["limit"])} if appeal else None,
    }
