"""Somebody with every right on the store and without the signing key: what they can do to the log, and its undoing.

A `thorough` forger computes leaf hashes, numbers, nodes and the size of the tree again after the change, so that the
store agrees with itself; only what was signed before betrays it.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine.connection import get_db
from pymongo import DeleteOne, InsertOne
from pymongo.client_session import ClientSession

from backend import clock, merkle
from backend.store import transactions
from models.audit import canonical, tree

COLLECTIONS = ("audit_entries", "access_lines", "audit_leaves", "audit_nodes", "audit_heads", "audit_tree")
Document = dict[str, Any]


class Forger:
    """Every change goes through `put` and `drop`, so that the next one begins with the log as it was."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.original: dict[str, dict[Any, Document]] = {
            name: {one["_id"]: one for one in get_db()[name].find().hint("_id_")} for name in COLLECTIONS
        }
        self.size = len(self.original["audit_leaves"])
        self._changes: dict[str, dict[Any, Document | None]] = {}
        self.standing: dict[str, dict[Any, Document | None]] = {}

    def put(self, collection: str, document: Document) -> None:
        self._changes.setdefault(collection, {})[document["_id"]] = document

    def drop(self, collection: str, name: Any) -> None:
        self._changes.setdefault(collection, {})[name] = None

    def carry_out(self) -> None:
        """Bring the log to what it was with the changes that were put together, and forget them."""
        transactions.run(self._write)
        self.standing, self._changes = self._changes, {}

    def undo(self) -> None:
        self._changes = {}
        self.carry_out()

    def _write(self, session: ClientSession) -> None:
        """Removals go first: numbers and hashes are unique."""
        for collection in self.standing.keys() | self._changes.keys():
            back = {name: self.original[collection].get(name) for name in self.standing.get(collection, {})}
            wanted = back | self._changes.get(collection, {})
            gone = [DeleteOne({"_id": name}) for name in wanted]
            there = [InsertOne(one) for one in wanted.values() if one is not None]
            get_db()[collection].bulk_write([*gone, *there], session=session)

    def leaf(self, number: int) -> Document:
        return dict(self.original["audit_leaves"][number])

    def record(self, leaf: Document) -> Document:
        return dict(self.original[leaf["source"]][leaf["record"]])

    def any_leaf(self) -> Document:
        return self.leaf(self.chance.randrange(self.size))

    def two_leaves(self) -> tuple[Document, Document]:
        one, other = self.chance.sample(range(self.size), 2)
        return self.leaf(one), self.leaf(other)

    def rebuild(self, row: list[tuple[str, Document]]) -> None:
        """Make the whole tree anew from records in a row, as a store that never held anything else."""
        edge, nodes = merkle.Frontier(), {}
        for number, (source, record) in enumerate(row):
            hashed = canonical.leaf_hash(source, record)
            nodes |= {tree.node_id(node): one for node, one in edge.append(hashed)}
            leaf = {"_id": number, "hash": hashed, "source": source, "record": record["_id"]}
            if leaf != self.original["audit_leaves"].get(number):
                self.put("audit_leaves", leaf)
            if self.original[source].get(record["_id"]) != (marked := {**record, "leaf": number}):
                self.put(source, marked)
        for number in range(len(row), self.size):
            self.drop("audit_leaves", number)
        for name, one in self.original["audit_nodes"].items():
            if name not in nodes:
                self.drop("audit_nodes", name)
            elif nodes[name] != one["hash"]:
                self.put("audit_nodes", {"_id": name, "hash": nodes[name]})
        for name in nodes.keys() - self.original["audit_nodes"].keys():
            self.put("audit_nodes", {"_id": name, "hash": nodes[name]})
        self.put("audit_tree", {"_id": tree.STATE, "size": len(row)})

    def row(self) -> list[tuple[str, Document]]:
        """Return all records in the order of their leaves."""
        leaves = [self.leaf(number) for number in range(self.size)]
        return [(leaf["source"], self.record(leaf)) for leaf in leaves]


def edit(forger: Forger) -> None:
    """Change a record, a leaf, a node or a head."""
    leaf, chance = forger.any_leaf(), forger.chance
    what = chance.choice(["record"] * 5 + ["leaf and record", "thorough", "leaf", "source", "node", "head"])
    if what == "node":
        node = dict(chance.choice(list(forger.original["audit_nodes"].values())))
        forger.put("audit_nodes", {**node, "hash": flipped(node["hash"], chance)})
    elif what == "head":
        forger.put("audit_heads", changed_head(forger))
    elif what == "leaf":
        forger.put("audit_leaves", {**leaf, "hash": flipped(leaf["hash"], chance)})
    elif what == "source":
        forger.put("audit_leaves", {**leaf, "record": ObjectId()})
    else:
        record = changed(forger.record(leaf), chance)
        forger.put(leaf["source"], record)
        if what == "leaf and record":
            forger.put("audit_leaves", {**leaf, "hash": canonical.leaf_hash(leaf["source"], record)})
        if what == "thorough":
            row = forger.row()
            row[leaf["_id"]] = (leaf["source"], record)
            forger.rebuild(row)


def delete(forger: Forger) -> None:
    """Remove a record, a leaf, both, a node or a head."""
    leaf, chance = forger.any_leaf(), forger.chance
    what = chance.choice(["record", "record", "leaf", "both", "thorough", "node", "head"])
    if what == "node":
        forger.drop("audit_nodes", chance.choice(list(forger.original["audit_nodes"])))
    elif what == "head":
        forger.drop("audit_heads", chance.choice(list(forger.original["audit_heads"])))
    else:
        if what != "leaf":
            forger.drop(leaf["source"], leaf["record"])
        if what in {"leaf", "both"}:
            forger.drop("audit_leaves", leaf["_id"])
        if what == "thorough":
            row = forger.row()
            del row[leaf["_id"]]
            forger.rebuild(row)


def reorder(forger: Forger) -> None:
    """Let two records, leaves or heads change places."""
    (one, other), what = forger.two_leaves(), forger.chance.choice(["leaves", "marks", "both", "thorough", "heads"])
    if what == "heads":
        first, second = (dict(forger.original["audit_heads"][n]) for n in forger.chance.sample(range(HEADS), 2))
        forger.put("audit_heads", {**first, "_id": second["_id"]})
        forger.put("audit_heads", {**second, "_id": first["_id"]})
    elif what == "thorough":
        row = forger.row()
        row[one["_id"]], row[other["_id"]] = row[other["_id"]], row[one["_id"]]
        forger.rebuild(row)
    else:
        if what in {"leaves", "both"}:
            forger.put("audit_leaves", {**one, "_id": other["_id"]})
            forger.put("audit_leaves", {**other, "_id": one["_id"]})
        if what in {"marks", "both"}:
            forger.put(one["source"], {**forger.record(one), "leaf": other["_id"]})
            forger.put(other["source"], {**forger.record(other), "leaf": one["_id"]})


def insert(forger: Forger) -> None:
    """Put in a record that nobody wrote at the time that it names."""
    like, chance = forger.any_leaf(), forger.chance
    record = {**forger.record(like), "_id": ObjectId()}
    del record["leaf"]
    what = chance.choice(
        ["no leaf", "another's leaf", "no such leaf", "waiting", "uncounted", "thorough", "at the end"]
    )
    earlier = record["at"] - timedelta(seconds=chance.randrange(700, 90_000))
    if what == "waiting":
        forger.put(like["source"], {**record, "pending": True, "at": clock.now() - timedelta(seconds=600)})
    elif what == "another's leaf":
        forger.put(like["source"], {**record, "leaf": chance.randrange(forger.size)})
    elif what == "no such leaf":
        forger.put(like["source"], {**record, "leaf": forger.size + chance.randrange(1, 9)})
    elif what == "uncounted":
        forger.put(like["source"], {**record, "leaf": forger.size})
        hashed = canonical.leaf_hash(like["source"], record)
        leaf = {"_id": forger.size, "hash": hashed, "source": like["source"], "record": record["_id"]}
        forger.put("audit_leaves", leaf)
    elif what == "no leaf":
        forger.put(like["source"], record)
    else:
        row = forger.row()
        place = forger.size if what == "at the end" else chance.randrange(forger.size)
        row.insert(place, (like["source"], {**record, "at": earlier}))
        forger.rebuild(row)


def cut(forger: Forger) -> None:
    """Take away the end of the log."""
    left, chance = forger.size - forger.chance.randrange(1, 60), forger.chance
    what = chance.choice(["records", "leaves", "size", "thorough", "with its heads"])
    if what in {"records", "leaves"}:
        for leaf in map(forger.leaf, range(left, forger.size)):
            forger.drop(leaf["source"], leaf["record"])
            if what == "leaves":
                forger.drop("audit_leaves", leaf["_id"])
    elif what == "size":
        forger.put("audit_tree", {"_id": tree.STATE, "size": left})
    else:
        for source, record in forger.row()[left:]:
            forger.drop(source, record["_id"])
        forger.rebuild(forger.row()[:left])
        if what == "with its heads":
            for head in forger.original["audit_heads"].values():
                if head["size"] > left:
                    forger.drop("audit_heads", head["_id"])


HEADS = 8
KINDS: dict[Callable[[Forger], None], set[str]] = {
    edit: {"edited", "rewritten", "deleted", "misdated"},
    delete: {"deleted", "rewritten", "cut"},
    reorder: {"reordered", "rewritten", "edited"},
    insert: {"inserted", "rewritten", "misdated"},
    cut: {"cut", "deleted", "inserted"},
}
"""The tamperings, and the words of which at least one must be found for each."""


def flipped(raw: bytes, chance: random.Random) -> bytes:
    """Return bytes of which one bit is another."""
    place = chance.randrange(len(raw) * 8)
    return bytes(byte ^ (1 << place % 8) if number == place // 8 else byte for number, byte in enumerate(raw))


def changed_head(forger: Forger) -> Document:
    head, chance = dict(chance_of(forger.original["audit_heads"], forger.chance)), forger.chance
    name = chance.choice(["size", "timestamp", "root", "signature", "key_id"])
    value = head[name]
    return {**head, name: flipped(value, chance) if isinstance(value, bytes) else value + 1}


def chance_of(documents: dict[Any, Document], chance: random.Random) -> Document:
    return chance.choice(list(documents.values()))


def changed(record: Document, chance: random.Random) -> Document:
    """Return a record of which one field has another value, another type, or is gone; or which has one more."""
    name = chance.choice([name for name in record if name not in {"_id", "leaf"}])
    how = chance.choice(["value", "value", "value", "type", "gone", "more"])
    if how == "gone":
        return {one: value for one, value in record.items() if one != name}
    if how == "more":
        return {**record, "note": chance.choice(["x", None, 0, []])}
    if how == "type":
        return {**record, name: {"was": record[name]}}
    return {**record, name: other_value(record[name], chance)}


def other_value(value: Any, chance: random.Random) -> Any:
    if isinstance(value, bytes):
        return flipped(value, chance)
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [*value, ObjectId()]
    if isinstance(value, dict):
        return {**value, "days": chance.choice([-1, 3.5, "7", True])}
    return value + timedelta(milliseconds=chance.choice([-1, 1, 3_600_000, -86_400_000]))
