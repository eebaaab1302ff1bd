"""What follows when scanners hand in what they decided without network."""

from bson import ObjectId

from backend import outbox, periodic
from models.devices import settle


@outbox.function("devices.settle_upload")
def settle_upload(upload: str) -> None:
    """Settle the entries of an upload."""
    settle.upload(ObjectId(upload))


@periodic.every("devices.settle_waiting", queue="gates", seconds=3600)
def settle_waiting() -> None:
    """Settle entries whose kind of code has found its handler."""
    settle.waiting_kinds()
