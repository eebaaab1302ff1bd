"""The whole database in memory, put back after each call that changed it: what a cell did, no other cell sees."""

from mongoengine.connection import get_db
from pymongo import DeleteMany, InsertOne

from tests.support import county


class Snapshot:
    def __init__(self) -> None:
        found = {name: county._documents(county._collection(name)) for name in county._names()}
        self._kept = {name: documents for name, documents in found.items() if documents}
        self._hashes = self._now()

    @staticmethod
    def _now() -> dict[str, str]:
        return get_db().command("dbHash")["collections"]

    def put_back(self) -> None:
        """Put back the collections that are no longer what they were."""
        now = self._now()
        for name in county._names():
            if now.get(name) != self._hashes.get(name):
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
