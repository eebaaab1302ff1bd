"""`python -m seed upgrade`, `county`, `bootstrap`, `demo`, `backup FILE`, `restore FILE`, `audit`."""

import sys
from pathlib import Path

from rich.console import Console

from backend import runtime, settings
from backend.errors import CityError
from models import upgrades
from models.identity import role_matrix
from seed import audit_check, bootstrap, county_data, keeping, ledger_check
from seed.demo import accounts, lists, play

console = Console()


def county(_arguments: list[str]) -> None:
    """Put the county's reference data; demonstration values only outside production."""
    told = settings.load()
    upgrades.require_current(told.mongodb_uri)
    runtime.compose(told)
    counts = county_data.load(with_demo=not told.production)
    console.print(", ".join(f"{name} {count}" for name, count in counts.items()))


def demo_accounts(arguments: list[str]) -> None:
    """Make the demonstration's staff, and what takes days to become ready for the stories."""
    base, folder = arguments
    accounts.run(arguments)
    lists.prepare(base, Path(folder))


def roles(_arguments: list[str]) -> None:
    """Print who of the staff may do what."""
    print(role_matrix.text(), end="")


COMMANDS = {
    "upgrade": keeping.upgrade,
    "county": county,
    "bootstrap": bootstrap.run,
    "roles": roles,
    "demo": play.main,
    "demo-accounts": demo_accounts,
    "demo-publish": lists.publish,
    "backup": keeping.backup,
    "restore": keeping.restore,
    "audit": audit_check.run,
    "ledger": ledger_check.run,
}


def main(arguments: list[str]) -> int:
    """Run one command."""
    if not arguments or arguments[0] not in COMMANDS:
        console.print(f"usage: python -m seed {' | '.join(COMMANDS)}")
        return 2
    try:
        return COMMANDS[arguments[0]](arguments[1:]) or 0
    except CityError as refusal:
        console.print(f"[bold red]refused:[/] {refusal.message('en')}", soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
