"""The whole database in memory, put back after each call that changed something: what a cell did, no other cell sees."""

from pymongo import DeleteMany, InsertOne

from tests.support import county


class Snapshot:
    def __init__(self) -> None:
        found = {name: county._documents(county._collection(name)) for name in county._names()}
        self._kept = {name: documents for name, documents in found.items() if documents}

    def put_back(self) -> None:
        for name in county._names():
            self._put_back(name)

    def _put_back(self, name: str) -> None:
        """Remove first, in order: what was there before may stand in a unique index against what came."""
        collection, wanted = county._collection(name), self._kept.get(name, {})
        found = county._documents(collection)
        changed = [one for one, document in found.items() if one not in wanted or document.raw != wanted[one].raw]
        lost = [InsertOne(wanted[one]) for one in wanted if one not in found or one in changed]
        gone = [DeleteMany({"_id": {"$in": changed}})] if changed else []
        if gone or lost:
            collection.bulk_write([*gone, *lost])
