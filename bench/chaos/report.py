"""What a person sees: progress while it runs, the summary at its end; and `chaos.json` for a program."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from bench.chaos.options import Options
from bench.chaos.plan import Event
from bench.chaos.rush import Outcome

if TYPE_CHECKING:
    from bench.chaos.run import Result

STEPS = 10


class Progress:
    """A bar on a terminal, a line a tenth elsewhere."""

    def __init__(self, console: Console, options: Options) -> None:
        self._console, self._total = console, options.attempts
        self._results = Counter[str]()
        self._kills = 0
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Bars(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bars.add_task("attempts", total=options.attempts)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._bars.stop()

    def says(self, text: str) -> None:
        self._bars.update(self._task, description=text)

    def attempt(self, outcome: Outcome) -> None:
        self._results[outcome.result] += 1
        done = self._results.total()
        self._bars.update(self._task, completed=done, description=self._text())
        if not self._console.is_terminal and done % max(1, self._total // STEPS) == 0:
            self._console.print(f"{done} of {self._total} attempts, {self._text()}")

    def event(self, event: Event, kills: int) -> None:
        self._kills = kills
        self._bars.update(self._task, description=f"{self._text()}, {event.kind} {event.how}")

    def _text(self) -> str:
        return f"{self._results['ok']} ok, {self._results['failed']} refused, {self._kills} kills"


def summary(console: Console, result: "Result") -> None:
    """Print the tables and the verdict."""
    figures = Table(show_header=False, box=None, padding=(0, 1))
    for name, value in result.figures.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        figures.add_row(name.replace("_", " "), shown or "none")
    console.print(figures)
    table = Table("", "invariant", "figures")
    for check in result.checks:
        mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
        table.add_row(mark, check.name, "\n".join([check.figures, *(f"[red]{line}[/]" for line in check.broken[:5])]))
    console.print(table)
    console.print(verdict(result))
    console.print(f"again: {result.options.command}", soft_wrap=True)


def verdict(result: "Result") -> str:
    """Return one sentence on how it ended."""
    names = ", ".join(check.name for check in result.broken)
    if result.options.control:
        if result.control_failed_rightly:
            return f"[green]The control run without the sweeper failed, as it must:[/] {names}"
        if result.broken:
            return f"[red]The control run broke more than a lost hold can:[/] {names}"
        return "[red]The control run without the sweeper broke nothing: this run cannot see a lost hold.[/]"
    return f"[red]Broken:[/] {names}" if names else "[green]All invariants hold.[/]"


def write(path: Path, result: "Result") -> None:
    """Write everything as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record: dict[str, Any] = {
        "options": result.options.shown(),
        "again": result.options.command,
        "figures": result.figures,
        "invariants": [check.shown() for check in result.checks],
        "exit_code": result.exit_code,
    }
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n")
