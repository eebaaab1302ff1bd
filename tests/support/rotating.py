"""Rotations in a test: other settings without a restart, time gone by, and the keys put back at the end."""

from contextlib import contextmanager

from backend import runtime
from backend.keys import data_key, index_key, rotation
from backend.keys.index_key import IndexKeys
from backend.sealing import Sealer
from tests.support import county, timeline
from tests.support.queues import drain


@contextmanager
def keys_kept():
    """Give the runtime; bring it and the keys in the store back to what they were."""
    parts = runtime.current()
    collections = data_key.DataKey._get_collection(), IndexKeys._get_collection()
    kept = [list(one.find({"_id": {"$exists": True}}).hint("_id_")) for one in collections]
    try:
        yield parts
    finally:
        county.clear()  # what the keys of the test sealed would open no more
        for one, documents in zip(collections, kept, strict=True):
            one.delete_many({})
            one.insert_many(documents)
        runtime.install(parts)
        parts.sealer.reload()


def install(**changes):
    """Give this process other settings, as a restart with them does; return its sealer."""
    parts = runtime.current()
    settings = type(parts.settings)(**{**vars(parts.settings), **changes})
    index_key.require(settings.blind_index_keys)
    sealer = Sealer(settings.field_keys, settings.blind_index_keys, lambda: data_key.opened(parts.keys))
    runtime.install(type(parts)(**{**vars(parts), "settings": settings, "sealer": sealer}))
    return sealer


def begin(what="field_key"):
    """Begin a rotation; return the id of its job."""
    return rotation.start(what, started_by="staff:1", along=lambda _session: None)["_id"]


def after_start(seconds):
    """Return the shift of the clock at which so many seconds have gone by since the latest rotation began."""
    return rotation.latest()["started_at"].timestamp() - timeline.unshifted() + seconds


def finish(shift_clock):
    """Do what a worker does until nothing is due, the time to settle being over."""
    shift_clock(after_start(rotation.SETTLED.total_seconds() + 1))
    drain("reports")


def rotated(shift_clock, what="field_key"):
    """Rotate, and return how it ended."""
    begin(what)
    finish(shift_clock)
    return rotation.latest()
