"""What of the store has changed, asked of the store in one command."""

from mongoengine.connection import get_db

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
"""The fingerprint of a collection without documents (MD5 of nothing)."""
_last: dict[tuple, dict[str, str]] = {}
"""The newest fingerprints, by the store and the time of its last write."""


def taken() -> dict[str, str]:
    """Return a fingerprint of what lies in each collection that is not a time series; EMPTY ones may be left out.

    It waits for every open transaction; those that a killed process left open are ended first. Where nothing was
    written since the last time, which the store's logical clock tells, it need not compute them again.
    """
    client = get_db().client
    written = client.admin.command("killAllSessions", [])["operationTime"]
    now = (client.address, get_db().name, written)
    if now not in _last:
        prints = dict(get_db().command("dbHash")["collections"])
        _last.clear()
        _last[now] = prints
    return dict(_last[now])


def differing(names: list[str], wanted: dict[str, str]) -> list[str]:
    """Return which of the collections hold something else than at the time of `wanted`."""
    now = taken()
    return [name for name in names if now.get(name, EMPTY) != wanted.get(name, EMPTY)]
