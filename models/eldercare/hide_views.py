"""What an elder has hidden, as they see it. Plain dicts."""

from collections.abc import Mapping
from typing import Any

from models.eldercare.hide import WORDS_ZH
from models.eldercare.item_views import wire
from models.identity import unit


def listed(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is hidden, the latest first."""
    hidden = sorted(found.get("hidden", ()), key=lambda one: one["at"], reverse=True)
    names = unit.names({code for one in hidden for code in (*one["units"], one.get("unit", ""))})
    return [_shown(one, names) for one in hidden]


def _shown(one: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    told = {
        "id": str(one["id"]),
        "word": one["word"],
        "word_zh": WORDS_ZH[one["word"]],
        "family": one["family"],
        "units": list(one["units"]),
        "units_zh": [names.get(code, "") for code in one["units"]],
        "at": wire(one["at"]),
    }
    told |= {"written_by_zh": names.get(one["unit"], "")} if "unit" in one else {}
    return told | ({"item_id": str(one["item"])} if "item" in one else {})
