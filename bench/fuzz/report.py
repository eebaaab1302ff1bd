"""What a run sent and what came back."""

import json
import os
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console

console = Console(width=120)


def show(folder: Path, *, seconds: float, ended: int) -> int:
    """Print the figures, keep them in FUZZ_REPORT when one is given, and return the exit code."""
    counts, told = _read(folder / "counts.json"), _read(folder / "schemathesis.json")
    figures = figures_of(counts, told) | {"seconds": round(seconds, 1), "exit_code": ended}
    for name, value in figures.items():
        console.print(f"{name}: {value}")
    if kept := os.environ.get("FUZZ_REPORT"):
        Path(kept).write_text(json.dumps(figures, ensure_ascii=False, indent=1))
    if ended and (logs := os.environ.get("FUZZ_LOGS")):
        shutil.copytree(folder / "logs", logs, dirs_exist_ok=True)
    return 1 if ended or figures["5xx"] or figures["unexplained"] else 0


def figures_of(counts: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a run."""
    statuses: Counter[str] = Counter()
    phases: Counter[str] = Counter()
    served: dict[str, set[str]] = {"any phase": set(), "stateful": set()}
    for phase, label, method, status, count in counts["answers"]:
        statuses[f"{status // 100}xx"] += count
        phases[phase] += count
        if status // 100 == 2 and label.startswith(f"{method} "):
            served["any phase"].add(label)
            served.setdefault(phase, set()).add(label)
    return {
        "requests": sum(statuses.values()),
        "by phase": dict(sorted(phases.items())),
        "by status": dict(sorted(statuses.items())),
        "5xx": statuses["5xx"],
        "operations": told["operations"],
        "operations answered 2xx": len(served["any phase"]),
        "operations answered 2xx in chains": len(served["stateful"]),
        "chains": chains(served["stateful"]),
        "explained": counts["explained"],
        "unexplained": counts["unexplained"],
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
