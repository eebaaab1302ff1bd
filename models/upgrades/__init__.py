"""Upgrades of the county's store, in order. One module a migration, listed here once and never changed afterwards."""

from collections.abc import Callable

from backend.store import connection, migrations
from backend.store.migrations import Migration, Progress, quiet
from models.upgrades import documents, m0001_baseline, m0002_trust, m0003_ledger, m0004_devices, m0005_tourism

MIGRATIONS = tuple(
    Migration(one.NUMBER, one.NAME, one.run)
    for one in (m0001_baseline, m0002_trust, m0003_ledger, m0004_devices, m0005_tourism)
)


def upgrade(progress: Progress = quiet, waiting: Callable[[str], None] = lambda _owner: None) -> list[str]:
    """Bring the store to this release; return what was done.

    Raises:
        LeaseHeld, LeaseLost, UpgradePending, IndexDiffers: it cannot be done; the sentence says why.
    """
    documents.load()
    return migrations.upgrade(MIGRATIONS, progress, waiting=waiting)


def require_current(uri: str) -> None:
    """Refuse a store that this release must not serve, before anything is written to it.

    Raises:
        StoreRefused: the server is not one that keeps what it acknowledges.
        UpgradePending: the sentence says what to do.
    """
    connection.require_replica_set(connection.connect(uri))
    documents.load()
    migrations.require_current(MIGRATIONS)
