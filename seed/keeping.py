"""`python -m seed upgrade`, `backup FILE`, `restore FILE`: what keeps the store over releases and disasters."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo.database import Database
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from backend import runtime, settings
from backend.store import backup as backups
from backend.store import connection, migrations
from backend.store import restore as restores
from backend.store.backup_file import read_key
from models import upgrades

console = Console()
Report = Callable[[str, int, int], None]


def upgrade(_arguments: list[str]) -> None:
    """Bring the store to this release."""
    told = settings.load()
    connection.require_replica_set(connection.connect(told.mongodb_uri))
    migrations.refuse_half_restored()  # before the runtime, which puts the first data key into a store without one
    runtime.compose(told)
    connection.connect(told.mongodb_uri, patient=True)
    heard: set[str] = set()

    def waiting(owner: str) -> None:
        if owner not in heard:
            heard.add(owner)
            console.print(f"waiting for another upgrade: {owner}")

    with _progress() as report:
        done = upgrades.upgrade(report, waiting)
    console.print("\n".join(done) or "nothing to upgrade", soft_wrap=True)


def backup(arguments: list[str]) -> None:
    """Write the whole store to a sealed file."""
    path = _file("backup", arguments)
    key = read_key(os.environ)
    with _progress() as report:
        tallies = backups.back_up(_database(), path, key, report)
    console.print(f"{path}: {_sum(tallies)}; {path.stat().st_size / 1e6:.1f} MB", soft_wrap=True)
    console.print("keys are not in it: keep BACKUP_KEY and the keys of the service, each apart from the file")


def restore(arguments: list[str]) -> None:
    """Put a sealed file back into an empty store."""
    path = _file("restore", arguments)
    key = read_key(os.environ)
    if not path.is_file():
        sys.exit(f"{path} is no file")
    with _progress() as report:
        tallies = restores.restore(_database(), path, key, report)
    console.print(f"{_sum(tallies)} restored and compared", soft_wrap=True)
    console.print("next: `make upgrade`, which also tells whether this release can serve it")


def _file(command: str, arguments: list[str]) -> Path:
    if len(arguments) != 1 or not arguments[0]:
        sys.exit(f"usage: python -m seed {command} FILE")
    return Path(arguments[0])


def _database() -> Database[dict[str, Any]]:
    uri = os.environ.get("MONGODB_URI", "")
    if not uri:
        sys.exit("MONGODB_URI is not set")
    client = connection.connect(uri, patient=True)
    connection.require_replica_set(client)
    return client.get_default_database()


def _sum(tallies: dict[str, dict[str, Any]]) -> str:
    count, size = (sum(one[name] for one in tallies.values()) for name in ("count", "size"))
    return f"{count} documents of {len(tallies)} collections, {size / 1e6:.1f} MB"


@contextmanager
def _progress() -> Iterator[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as shown:
        bars: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = shown.add_task(what, total=total)
            shown.update(bars[what], completed=done, total=total)

        yield report
