"""The whole database in memory, put back after each call that changed it: what a cell did, no other cell sees."""

from tests.support import county, fingerprint


class Snapshot:
    def __init__(self) -> None:
        found = {name: county.documents_of(name) for name in county._names()}
        self._kept = {name: documents for name, documents in found.items() if documents}
        self._hashes = fingerprint.taken()

    def put_back(self) -> None:
        """Put back the collections that are no longer what they were."""
        for name in fingerprint.differing(county._names(), self._hashes):
            county.restore(name, self._kept.get(name, {}))
