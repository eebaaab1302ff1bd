"""The county's data, put once through the seed and then from memory; only what a test changed is put again."""

from bson.raw_bson import RawBSONDocument
from mongoengine.connection import get_db
from pymongo import DeleteMany, InsertOne
from pymongo.collection import Collection

from backend import clock
from backend.store import indexes
from seed import county_data
from tests.support import fingerprint, timeline

KEYS = ("data_keys", "index_keys")
"""What the process holds in memory as long as it lives."""
Documents = dict[bytes, RawBSONDocument]
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
        found = {name: documents_of(name) for name in _names()}
        _kept[today] = {name: documents for name, documents in found.items() if documents}
        _prints[today] = fingerprint.taken()
        return
    for name in fingerprint.differing(_names(), _prints[today]):
        restore(name, _kept[today].get(name, {}))
    clear_series()


def clear() -> None:
    """Empty all collections; dropping them would cost the indexes."""
    for name in fingerprint.differing(_names(), {}):
        _collection(name).delete_many({})
    clear_series()


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


def clear_series() -> None:
    """Empty the time series: the seed puts nothing there, and single points of them cannot be taken away."""
    for name in [kind._get_collection_name() for kind in indexes.documents() if "timeseries" in kind._meta]:
        _collection(name).delete_many({})


def _collection(name: str) -> Collection[RawBSONDocument]:
    raw = get_db().codec_options.with_options(document_class=RawBSONDocument)
    return get_db().get_collection(name, codec_options=raw)


def documents_of(name: str) -> Documents:
    """Return what lies in a collection, by its bytes; nothing of it is decoded."""
    return {document.raw: document for document in _collection(name).find()}


def restore(name: str, wanted: Documents) -> None:
    """Let exactly these documents lie in a collection; those that lie there already are not touched."""
    if not wanted:
        _collection(name).delete_many({})
        return
    found = documents_of(name)
    gone = [found[raw]["_id"] for raw in found.keys() - wanted.keys()]
    changes = [DeleteMany({"_id": {"$in": gone}})] if gone else []
    changes += [InsertOne(document) for raw, document in wanted.items() if raw not in found]
    if changes:
        _collection(name).bulk_write(changes)  # in order: what goes makes room for what comes
