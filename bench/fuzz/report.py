"""What a run sent and what came back."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

console = Console(width=120)


def show(folder: Path, *, singles: Iterable[str], seconds: float, ended: dict[str, int]) -> int:
    """Print the figures, keep them in FUZZ_REPORT when one is given, and return the exit code."""
    counts = [_read(folder / f"{part}.counts.json") for part in ended]
    told = [_read(folder / f"{part}.json")["operations"] for part in singles]
    figures = figures_of(counts) | {
        "tested": sum(one["tested"] for one in told),
        "total": told[0]["total"],
        "ended": ended,
    }
    figures |= {"seconds": round(seconds, 1)}
    for part, code in ended.items():
        if code:
            console.print((folder / f"{part}.log").read_text(encoding="utf-8"), markup=False, highlight=False)
    for name, value in figures.items():
        console.print(f"{name}: {value}", markup=False, highlight=False)
    if kept := os.environ.get("FUZZ_REPORT"):
        Path(kept).write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
    return 1 if any(ended.values()) or figures["server_errors"] or figures["unexplained"] else 0


def figures_of(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of a run."""
    statuses: Counter[str] = Counter()
    phases: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    served: dict[str, set[str]] = {"stateful": set()}
    for part in parts:
        explained.update(part["explained"])
        for phase, label, method, status, count in part["answers"]:
            statuses[f"{status // 100}xx"] += count
            phases[phase] += count
            if status // 100 == 2 and label.startswith(f"{method} "):
                served.setdefault(phase, set()).add(label)
    return {
        "requests": sum(statuses.values()),
        "phases": dict(sorted(phases.items())),
        "statuses": dict(sorted(statuses.items())),
        "server_errors": statuses["5xx"],
        "served": len(set().union(*served.values())),
        "served_in_chains": len(served["stateful"]),
        "chains": chains(served["stateful"]),
        "explained": dict(sorted(explained.items())),
        "unexplained": [one for part in parts for one in part["unexplained"]],
    }


RESOURCES = {
    "orders": "(mini|office)/v1/orders",
    "companions": "mini/v1/companions",
    "files": "(mini|office)/v1/files",
    "cases": "(mini|office)/v1/cases",
    "units": "office/v1/units",
    "staff": "office/v1/staff",
    "approvals": "office/v1/approvals",
    "relations": "(mini|office)/v1/relations",
    "sheet imports": "office/v1/sheets",
    "devices": "office/v1/devices",
    "waiting lists": "mini/v1/waiting",
    "itineraries": "mini/v1/itineraries",
    "courts": "(mini|office)/v1/sport",
    "content": "office/v1/(content|guide)",
    "windows": "office/v1/window-",
    "enrolment": "(mini|office)/v1/school",
    "health": "(mini|office)/v1/health",
    "FHIR": "fhir",
    "crowds": "office/v1/(places/\\{place_id\\}/)?crowd",
}
"""The main resources, which chains must create, read and change."""


def chains(served: set[str]) -> dict[str, list[str]]:
    """Return the operations of each main resource that were served in chains."""
    return {
        name: sorted(label for label in served if re.match(rf"[A-Z]+ /{path}\b", label))
        for name, path in RESOURCES.items()
    }


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
