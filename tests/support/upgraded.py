"""The store as an upgrade leaves an empty one: kept once, then put back where a module changed it.

An upgrade asks about each of some 700 indexes; here one command tells whether collections or indexes are others.
"""

from typing import Any

from mongoengine.connection import get_db

from backend.store import indexes, migrations
from tests.support import county, fingerprint

_catalog: list[tuple] = []
_kept: dict[str, county.Documents] = {}
_prints: dict[str, str] = {}


def keep() -> None:
    """Note what lies in the store now, and its collections and indexes."""
    _catalog[:] = _told()
    _prints.clear()
    _prints.update(fingerprint.taken())
    _kept.clear()
    _kept.update({name: county.documents_of(name) for name in _names()})


def put_back() -> bool:
    """Bring the store to what was kept; False, and nothing done, where a collection or an index is another one."""
    if not _catalog or _told() != _catalog:
        return False
    for name in fingerprint.differing(_names(), _prints):
        county.restore(name, _kept[name])
    county.clear_series()
    return True


def _names() -> list[str]:
    plain = [kind._get_collection_name() for kind in indexes.documents() if "timeseries" not in kind._meta]
    return [*plain, migrations.COLLECTION]


def _told() -> list[tuple]:
    """Return all collections of this database with their options and indexes, without what lies in them."""
    listed = get_db().client.admin.aggregate([{"$listCatalog": {}}, {"$match": {"db": get_db().name}}])
    return sorted((one["name"], one["type"], repr(_shape(one.get("md", {})))) for one in listed)


def _shape(told: dict[str, Any]) -> tuple:
    specs = [one["spec"] for one in told.get("indexes", [])]
    return told.get("options"), sorted(specs, key=lambda spec: spec["name"])
