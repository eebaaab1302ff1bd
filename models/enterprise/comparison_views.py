"""Comparisons as the policy office sees them: counts, money, and the first firms that change. Plain dicts."""

from collections.abc import Mapping
from typing import Any

from models.enterprise import firm, judge
from models.enterprise.comparison import CHANGES


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a comparison with its counts."""
    counts = [{"change": one, "change_zh": zh, "count": found["counts"].get(one, 0)} for one, zh in CHANGES.items()]
    told = {"id": str(found["_id"]), "policy": found["policy"], "before": found["before_id"]}
    told |= {"after": found["after_id"], "day": found["day"], "state": found["state"], "counts": counts}
    return told | {"more_fen": found["more_fen"], "looked_at": sum(found["counts"].values())}


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a comparison with the first firms that change, at most `MOST_LISTED`."""
    names = firm.several([one["firm"] for one in found["changed"]])
    rows = [
        {
            "credit_code": one["firm"],
            "name": names[one["firm"]]["name"] if one["firm"] in names else "",
            "change": one["change"],
            "change_zh": CHANGES[one["change"]],
            "before_fen": one["before_fen"],
            "after_fen": one["after_fen"],
            "lacks": [judge.lacking(name, {}) for name in one["missing"]],
        }
        for one in found["changed"]
    ]
    return brief(found) | {"changed": rows}
