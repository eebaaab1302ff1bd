"""The check of the whole log: every leaf, record, node and head is read, computed again and compared.

What is trusted is outside of the store: the public keys of AUDIT_KEYS, and the file of heads where there is one. It
finds every record that was edited, deleted, reordered or inserted after its leaf was signed, and a cut of the end; a
cut that takes along all heads of the store only by the file. The log may grow meanwhile.

Records get their leaves in the order of their times, so one that was put in later with an earlier time stands out.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from mongoengine.connection import get_db

from backend import clock, merkle
from models.audit import canonical, sequencer, tree
from models.audit.finding import Finding, Kind
from models.audit.tree import AuditLeaf, AuditNode
from models.audit.tree_head import Head
from models.audit.verify_heads import HeadCheck

BATCH = 1000
LATE = 2 * sequencer.PROMISED
"""A record that has waited longer for its leaf was not put there by this service, or the sequencer stands still."""
TOLERANCE = timedelta(minutes=10)
"""How far clocks and slow transactions may put times and leaves out of order."""

Progress = Callable[[str, int, int], None]
Rows = list[dict[str, Any]]


def findings(progress: Progress = lambda _what, _done, _total: None) -> Iterator[Finding]:
    """Yield everything that is not as it was signed; nothing, when the log is whole."""
    heads = HeadCheck()
    yield from _Leaves(heads, progress).findings()
    heads.compare_file()
    yield from heads.findings
    for source in tree.SOURCES:
        yield from _records(source, progress)


class _Leaves:
    """One pass over the leaves, beside the heads in order of their size."""

    def __init__(self, heads: HeadCheck, progress: Progress) -> None:
        self._heads, self._progress = heads.sound(), progress
        self._check = heads
        self._head: Head | None = next(self._heads, None)
        self._edge: merkle.Frontier | None = merkle.Frontier()
        self._signed = 0
        self._latest: datetime | None = None
        self._size = tree.size()

    def findings(self) -> Iterator[Finding]:
        yield from self._roots(0)
        expected = 0
        stored = AuditLeaf._get_collection().find({"_id": {"$lt": self._size}}, batch_size=BATCH).sort("_id", 1)
        for leaves in _batches(stored):
            nodes: dict[int, bytes] = {}
            records = _records_of(leaves)
            for leaf in leaves:
                if leaf["_id"] != expected:
                    yield self._gap(expected, leaf["_id"])
                expected = int(leaf["_id"]) + 1
                yield from self._leaf(leaf, records.get((str(leaf.get("source")), str(leaf.get("record")))))
                yield from self._grow(leaf, nodes)
            yield from _nodes(nodes)
            self._progress("audit_leaves", expected, self._size)
        if expected < self._size:
            yield Finding("cut", f"leaves {expected} to {self._size - 1}", "the tree counts them, they are gone")
        yield from self._ends()

    def _gap(self, expected: int, number: Any) -> Finding:
        self._edge = None  # without a leaf no root can be computed
        return Finding("deleted", f"leaf {expected}", f"the next that is there is {number}")

    def _leaf(self, leaf: dict[str, Any], record: dict[str, Any] | None) -> Iterator[Finding]:
        number, source = leaf["_id"], leaf.get("source")
        if record is None:
            yield Finding("deleted", f"leaf {number}", f"its record {source}/{leaf.get('record')} is gone")
            return
        where = f"{source}/{record['_id']}"
        if record.get("leaf") != number or "pending" in record:
            yield Finding("reordered", where, f"it says leaf {record.get('leaf')}, and it is leaf {number}")
        if canonical.leaf_hash(str(source), record) != leaf.get("hash"):
            yield Finding("edited", where, f"it does not hash to leaf {number}")
        yield from self._dated(where, record.get("at"))

    def _dated(self, where: str, at: Any) -> Iterator[Finding]:
        signed_at = self._head.at if self._head else clock.now()
        if not isinstance(at, datetime) or at > signed_at + TOLERANCE:
            yield Finding("misdated", where, f"it is of {at} and was chained by {signed_at}")
        elif self._latest and at < self._latest - TOLERANCE:
            yield Finding("misdated", where, f"it is of {at}, and earlier leaves are of {self._latest}")
        else:
            self._latest = max(self._latest or at, at)

    def _grow(self, leaf: dict[str, Any], nodes: dict[int, bytes]) -> Iterator[Finding]:
        if self._edge:
            hashed = leaf.get("hash")
            made = self._edge.append(hashed if isinstance(hashed, bytes) else b"")
            nodes |= {tree.node_id(node): hashed for node, hashed in made}
        yield from self._roots(leaf["_id"] + 1)

    def _roots(self, size: int) -> Iterator[Finding]:
        """Compare all heads of this size with what was computed."""
        while self._head and self._head.size <= size:
            if self._edge and self._edge.root() != self._head.root:
                span = f"leaves {self._signed} to {self._head.size - 1}"
                yield Finding("rewritten", span, f"head {self._head.number} was signed over another root")
                self._edge = None  # every later root differs too
            self._signed = self._head.size
            self._head = next(self._heads, None)

    def _ends(self) -> Iterator[Finding]:
        if self._head:
            yield Finding("cut", f"leaves from {self._size} on", f"head {self._head.number} counts {self._head.size}")
            while self._head:
                self._head = next(self._heads, None)
        if self._size and self._check.newest is None:
            yield Finding("cut", "all heads", "there are leaves, and no head that is signed")
        last = list(AuditLeaf._get_collection().find({}, {"_id": 1}).sort("_id", -1).limit(1))
        if last and last[0]["_id"] >= tree.size():
            yield Finding("inserted", f"leaf {last[0]['_id']}", "the tree does not count it")


def _nodes(computed: dict[int, bytes]) -> Iterator[Finding]:
    found = AuditNode._get_collection().find({"_id": {"$in": list(computed)}}, batch_size=BATCH) if computed else []
    stored = {one["_id"]: one.get("hash") for one in found}
    for name, hashed in computed.items():
        if stored.get(name) != hashed:
            level, index = divmod(name, tree.node_id((1, 0)))
            kind: Kind = "edited" if name in stored else "deleted"
            yield Finding(kind, f"node {index} of level {level}", "it is not the hash of the two below it")


def _records_of(leaves: Rows) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for source in tree.SOURCES:
        ids = [leaf.get("record") for leaf in leaves if leaf.get("source") == source]
        if ids:
            stored = get_db()[source].find({"_id": {"$in": ids}}, batch_size=BATCH)
            found |= {(source, str(one["_id"])): one for one in stored}
    return found


def _records(source: str, progress: Progress) -> Iterator[Finding]:
    """Find records that have no leaf of their own."""
    done, names = 0, {"leaf": 1, "pending": 1, "at": 1}
    for records in _batches(get_db()[source].find({}, names, batch_size=BATCH).sort("_id", 1).hint("_id_")):
        claimed = [one["leaf"] for one in records if "leaf" in one]
        stored = AuditLeaf._get_collection().find({"_id": {"$in": claimed}}, {"hash": 0}, batch_size=BATCH)
        leaves = {str(one["_id"]): one for one in stored}
        for one in records:
            if because := _unfounded(source, one, leaves):
                yield Finding("inserted", f"{source}/{one['_id']}", because)
        done += len(records)
        progress(source, done, 0)


def _unfounded(source: str, record: dict[str, Any], leaves: dict[str, dict[str, Any]]) -> str:
    if "leaf" in record:
        leaf = leaves.get(str(record["leaf"]), {})
        own = (leaf.get("source"), leaf.get("record")) == (source, record["_id"])
        return "" if own else f"it claims leaf {record['leaf']}, which is not its own"
    if record.get("pending") is not True:
        return "it has no leaf and waits for none"
    at = record.get("at")
    waits = isinstance(at, datetime) and at >= clock.now() - LATE
    return "" if waits else f"it is of {at} and has no leaf yet"


def _batches(found: Any) -> Iterator[Rows]:
    rows = iter(found)
    while batch := list(islice(rows, BATCH)):
        yield batch
