"""`python -m seed county`, `python -m seed bootstrap --login … --name …`, `python -m seed demo`."""

import sys

from rich.console import Console

from backend import runtime, settings
from backend.store import indexes
from seed import county_data

console = Console()


def county(_arguments: list[str]) -> None:
    """Build the indexes and put the county's reference data; demonstration values only outside production."""
    told = settings.load()
    runtime.compose(told)
    kinds = indexes.ensure()
    counts = county_data.load(with_demo=not told.production)
    console.print(f"{kinds} kinds of documents; " + ", ".join(f"{name} {count}" for name, count in counts.items()))


COMMANDS = {"county": county}


def main(arguments: list[str]) -> int:
    """Run one command."""
    if not arguments or arguments[0] not in COMMANDS:
        console.print(f"usage: python -m seed {' | '.join(COMMANDS)}")
        return 2
    COMMANDS[arguments[0]](arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
