"""What the benchmarks found: a table for people, `var/bench.json` for machines."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
from rich.console import Console
from rich.table import Table

FILE = Path(os.environ.get("VAR", "var")) / "bench.json"
console = Console()
RIGHT: dict[str, Literal["right"]] = {"value": "right", "target": "right"}


@dataclass(frozen=True)
class Figure:
    """One number; without a target it only informs, and `met` is null."""

    name: str
    value: float
    unit: str
    compared_with: str
    target: float | None = None
    better: Literal["higher", "lower"] = "higher"

    @property
    def met(self) -> bool | None:
        """Tell whether the target was reached."""
        if self.target is None:
            return None
        return self.value >= self.target if self.better == "higher" else self.value <= self.target

    def record(self) -> dict[str, Any]:
        """Return the figure as it stands in the file."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "compared_with": self.compared_with,
            "target": self.target,
            "better": self.better,
            "met": self.met,
        }


def keep(figures: list[Figure]) -> None:
    """Write the figures; those of benchmarks that did not run now stay."""
    known = {one["name"]: one for one in orjson.loads(FILE.read_bytes())} if FILE.exists() else {}
    known |= {one.name: one.record() for one in figures}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_bytes(orjson.dumps(list(known.values()), option=orjson.OPT_INDENT_2) + b"\n")


def show(figures: list[Figure], title: str) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left")
    for heading in ("benchmark", "value", "", "target", "met", "compared with"):
        table.add_column(heading, justify=RIGHT.get(heading, "left"), no_wrap=heading != "compared with")
    for one in figures:
        target = "" if one.target is None else f"{'≥' if one.better == 'higher' else '≤'} {one.target:g}"
        met = {None: "", True: "[green]yes", False: "[bold red]no"}[one.met]
        table.add_row(one.name, f"{one.value:,.2f}", one.unit, target, met, one.compared_with)
    console.print(table)
