"""`python -m seed county`, `python -m seed bootstrap --login … --name …`, `python -m seed demo`."""

import sys

from rich.console import Console

from backend import runtime, settings
from backend.store import indexes
from seed import bootstrap, county_data
from seed.demo import accounts, play

console = Console()


def county(_arguments: list[str]) -> None:
    """Build the indexes and put the county's reference data; demonstration values only outside production."""
    told = settings.load()
    runtime.compose(told)
    kinds = indexes.ensure()
    counts = county_data.load(with_demo=not told.production)
    console.print(f"{kinds} kinds of documents; " + ", ".join(f"{name} {count}" for name, count in counts.items()))


COMMANDS = {
    "county": county,
    "bootstrap": bootstrap.run,
    "demo": play.main,
    "demo-accounts": accounts.run,
}


def main(arguments: list[str]) -> int:
    """Run one command."""
    if not arguments or arguments[0] not in COMMANDS:
        console.print(f"usage: python -m seed {' | '.join(COMMANDS)}")
        return 2
    return COMMANDS[arguments[0]](arguments[1:]) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
