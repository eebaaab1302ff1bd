"""What of the store has changed, asked of the store in one command."""

from mongoengine.connection import get_db

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
"""The fingerprint of a collection without documents (MD5 of nothing)."""


def taken() -> dict[str, str]:
    """Return a fingerprint of what lies in each collection that is not a time series; EMPTY ones may be left out.

    It waits for every open transaction; those that a killed process left open are ended first.
    """
    get_db().client.admin.command("killAllSessions", [])
    return dict(get_db().command("dbHash")["collections"])


def differing(names: list[str], wanted: dict[str, str]) -> list[str]:
    """Return which of the collections hold something else than at the time of `wanted`."""
    now = taken()
    return [name for name in names if now.get(name, EMPTY) != wanted.get(name, EMPTY)]
