"""The county's data, put once through the seed and then from memory; only what a test changed is put again."""

from typing import Any

from bson.raw_bson import RawBSONDocument
from mongoengine.connection import get_db
from pymongo import DeleteMany, InsertOne, ReplaceOne
from pymongo.collection import Collection

from backend import clock
from backend.store import indexes
from seed import county_data
from tests.support import fingerprint, timeline

KEYS = ("data_keys", "index_keys")
"""What the process holds in memory as long as it lives."""
Documents = dict[Any, RawBSONDocument]
_kept: dict[str, dict[str, Documents]] = {}
_prints: dict[str, dict[str, str]] = {}


def put() -> None:
    """Bring the database to what `seed county` with demonstration data makes of an empty one as today begins."""
    today = clock.today().isoformat()
    if today not in _kept:
        clear()
        with timeline.kept():
            timeline.shift(clock.at(clock.today(), 0).timestamp() - timeline.unshifted())
            county_data.load(with_demo=True)
        found = {name: _documents(_collection(name)) for name in _names()}
        _kept[today] = {name: documents for name, documents in found.items() if documents}
        _prints[today] = fingerprint.taken()
        return
    for name in fingerprint.differing(_names(), _prints[today]):
        _restore(_collection(name), _kept[today].get(name, {}))
    for name in _series():
        _collection(name).delete_many({})


def clear() -> None:
    """Empty all collections; dropping them would cost the indexes."""
    for name in (*fingerprint.differing(_names(), {}), *_series()):
        _collection(name).delete_many({})


def forget() -> None:
    """Leave nothing of an earlier module: what it made beside the product's collections goes too."""
    own = {kind._get_collection_name() for kind in indexes.documents()}
    for name in get_db().list_collection_names(filter={"type": {"$in": ["collection", "timeseries"]}}):
        if name in own:
            get_db()[name].delete_many({})
        elif not name.startswith("system."):
            get_db().drop_collection(name)


def _names() -> list[str]:
    found = [kind._get_collection_name() for kind in indexes.documents() if "timeseries" not in kind._meta]
    return [name for name in found if name not in KEYS]


def _series() -> list[str]:
    """Return the time series: the seed puts nothing there, and single points of them cannot be taken away."""
    return [kind._get_collection_name() for kind in indexes.documents() if "timeseries" in kind._meta]


def _collection(name: str) -> Collection[RawBSONDocument]:
    raw = get_db().codec_options.with_options(document_class=RawBSONDocument)
    return get_db().get_collection(name, codec_options=raw)


def _documents(collection: Collection[RawBSONDocument]) -> Documents:
    return {document["_id"]: document for document in collection.find()}


def _restore(collection: Collection[RawBSONDocument], wanted: Documents) -> None:
    found = _documents(collection)
    changes = [DeleteMany({"_id": {"$in": [one for one in found if one not in wanted]}})] if found else []
    for one, document in wanted.items():
        if one not in found:
            changes.append(InsertOne(document))
        elif found[one].raw != document.raw:
            changes.append(ReplaceOne({"_id": one}, document))
    if changes:
        collection.bulk_write(changes)  # in order: what goes makes room for what comes
