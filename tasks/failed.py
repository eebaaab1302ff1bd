"""`make failed`: what the queues gave up, for a person to look at; `RETRY=1` makes it due again."""

import os

from rich.console import Console
from rich.table import Table

from backend import outbox
from tasks import app as worker


def main() -> None:
    """Print the entries that were given up, and make them due again when asked."""
    worker.compose()
    table = Table("collection", "record", "task", "failed at (UTC)", "reason", title="given up")
    for carrier in outbox.carriers():
        for found in outbox.given_up(carrier):
            for entry in found["outbox"]:
                if "failed_at" in entry:
                    table.add_row(
                        carrier, str(found["_id"]), entry["task"], f"{entry['failed_at']:%F %T}", entry["reason"]
                    )
            if os.environ.get("RETRY") == "1":
                outbox.try_again(carrier, found["_id"])
    Console().print(table if table.row_count else "nothing was given up")


if __name__ == "__main__":
    main()
