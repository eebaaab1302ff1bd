"""`make demo`: play all stories against a running service, with progress and a check at each step."""

import os
from pathlib import Path

import requests
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from seed.demo import (
    counter,
    elder,
    garment,
    holiday,
    office,
    onecard,
    rainy_day,
    records,
    rights,
    school,
    selenium,
    subsidies,
    two_persons,
    visit,
    wallet,
)
from seed.demo.http import StoryFailed
from seed.demo.stage import Stage

console = Console()
STORIES = [
    *visit.STORIES,
    office.closing_a_slot,
    office.what_goes_wrong,
    *rights.STORIES,
    *counter.STORIES,
    *two_persons.STORIES,
    *onecard.STORIES,
    *subsidies.STORIES,
    *wallet.STORIES,
    *holiday.STORIES,
    *rainy_day.STORIES,
    *selenium.STORIES,
    *school.STORIES,
    *elder.STORIES,
    *garment.STORIES,
    *records.STORIES,
]


def main(arguments: list[str]) -> int:
    """Play; return 1 when a check did not hold or the service is not there."""
    base = (arguments[0] if arguments else "") or "http://127.0.0.1:8000"
    folder = Path(os.environ.get("VAR", "var"))
    steps = Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console)
    try:
        stage = Stage(base, folder)
        with steps:
            for story in STORIES:
                task = steps.add_task(story.__doc__ or story.__name__, total=None)
                for number, said in enumerate(story(stage), 1):
                    steps.console.print(f"  {number:2d}  {said}")
                steps.update(task, total=1, completed=1)
    except StoryFailed as failed:
        console.print(f"[bold red]failed:[/] {failed}")
        return 1
    except requests.ConnectionError:
        console.print(f"[bold red]nobody answers at {base}[/]; start it with `make run`, or give BASE_URL=<address>")
        return 1
    console.print("[bold green]all stories hold[/]")
    return 0
