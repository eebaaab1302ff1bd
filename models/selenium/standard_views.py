"""Standards and verdicts as anybody reads them. Plain dicts."""

from datetime import date
from typing import Any

from backend import clock
from models.selenium import standard, standard_check
from models.selenium.product import GROUP_ZH
from models.selenium.standard_check import Measured


def row_shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its bounds in mg/kg."""
    return {
        "group": row["group"],
        "group_zh": GROUP_ZH[row["group"]],
        "item_zh": row["item_zh"],
        "basis": row["basis"],
        "basis_zh": standard.BASIS_ZH[row["basis"]],
        "lower_mg_per_kg": standard_check.in_mg(row["lower_ug"]),
        "upper_mg_per_kg": standard_check.in_mg(row["upper_ug"]),
        "organic_percent": row["organic_percent"],
    }


def standard_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a standard with all its tables; one without says that its text was not read."""
    same = ("number", "title_zh", "kind", "scope")
    tables = [
        {
            "valid_from": one["valid_from"],
            "valid_to": one["valid_to"],
            "source": one["source"],
            "confidence": one["confidence"],
            "rows": [row_shown(row) for row in one["rows"]],
        }
        for one in found["tables"]
    ]
    confidence = tables[-1]["confidence"] if tables else "unread"
    return {name: found[name] for name in same} | {
        "id": found["_id"],
        "kind_zh": standard.KIND_ZH[found["kind"]],
        "scope_zh": standard.SCOPE_ZH[found["scope"]],
        "valid_from": found.get("valid_from"),
        "valid_to": found.get("valid_to"),
        "in_force": standard.in_force(found, clock.today()),
        "confidence": confidence,
        "confidence_zh": standard.CONFIDENCE_ZH[confidence],
        "note_zh": found.get("note_zh", ""),
        "tables": tables,
    }


def standards() -> list[dict[str, Any]]:
    """Return all standards."""
    return [standard_shown(one) for one in standard.listed()]


def verdict_shown(told: dict[str, Any]) -> dict[str, Any]:
    """Return a stored verdict; it is read as it was judged, whatever became of the standard."""
    shown = {name: told[name] for name in ("standard", "number", "day", "outcome")}
    shown |= {"outcome_zh": standard_check.OUTCOME_ZH[told["outcome"]]}
    if reason := told.get("reason"):
        shown |= {"reason": reason, "reason_zh": standard_check.REASON_ZH[reason]}
    if "table_from" in told:
        shown |= {"table_from": told["table_from"], "confidence": told["confidence"]}
    return shown | ({"row": row_shown(told["row"])} if "row" in told else {})


def check(measured: Measured, group: str, day: date | None, item_zh: str = "") -> list[dict[str, Any]]:
    """Return what every standard says of a content, side by side."""
    found = standard_check.side_by_side(standard.listed(), measured, group, day or clock.today(), item_zh)
    return [verdict_shown(one) for one in found]
