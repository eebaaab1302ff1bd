"""The tree over the log: leaf records, the hashes of perfect subtrees, and how many leaves there are.

A leaf record outlives its record: `number`, hash, and which record it stands for. Level 0 of the tree are the leaf
records themselves. All three collections and the marks on the records change in one transaction, whose guard is the
size that the tree had: two sequencers at once can never give a number twice or leave one out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, LongField, ObjectIdField, StringField
from mongoengine.connection import get_db
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import merkle
from backend.store import transactions
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry

SOURCES = tuple(kind._get_collection_name() for kind in (AuditEntry, AccessLine))
"""The collections whose records are the log."""
STATE = "log"
_LEVEL = 1 << 48


class AuditTree(Document):
    """The state: how many leaves there are.

    `looked_at` says, in a store that an earlier release wrote into, up to when its unmarked records were taken in;
    `look_until`, how long that release may go on beside this one.
    """

    meta = {"collection": "audit_tree", "auto_create_index": False}
    id = StringField(primary_key=True)
    size = LongField(required=True)
    looked_at = DateTimeField()
    look_until = DateTimeField()


class AuditLeaf(Document):
    """One leaf by its number; `record` is the id of what it stands for in the collection `source`."""

    meta = {
        "collection": "audit_leaves",
        "auto_create_index": False,
        "indexes": [{"fields": ["hash"], "unique": True}, {"fields": ["record", "source"], "unique": True}],
    }
    id = LongField(primary_key=True)
    hash = BinaryField(required=True)
    source = StringField(required=True)
    record = ObjectIdField(required=True)


class AuditNode(Document):
    """The hash of one perfect subtree of level 1 or higher, by `node_id`."""

    meta = {"collection": "audit_nodes", "auto_create_index": False}
    id = LongField(primary_key=True)
    hash = BinaryField(required=True)


class Overtaken(Exception):
    """The tree grew, or a record was marked, since it was looked at: another sequencer is at work."""


@dataclass(frozen=True)
class Candidate:
    """A record that gets a leaf."""

    source: str
    record: ObjectId
    hash: bytes


def node_id(node: merkle.Node) -> int:
    """Return under which id a subtree is kept."""
    level, index = node
    return level * _LEVEL + index


def size() -> int:
    """Return how many leaves there are."""
    found = AuditTree._get_collection().find_one({"_id": STATE})
    return int(found["size"]) if found else 0


def read(nodes: Iterable[merkle.Node]) -> dict[merkle.Node, bytes]:
    """Return the hashes of perfect subtrees: what `backend.merkle` reads a tree by."""
    wanted = list(nodes)
    leaves = {index: (0, index) for level, index in wanted if level == 0}
    inner = {node_id(node): node for node in wanted if node[0]}
    found: dict[merkle.Node, bytes] = {}
    for kind, names in ((AuditLeaf, leaves), (AuditNode, inner)):
        if names:
            stored = kind._get_collection().find({"_id": {"$in": list(names)}}, {"hash": 1})
            found |= {names[one["_id"]]: bytes(one["hash"]) for one in stored}
    return found


def append(before: int, candidates: Sequence[Candidate]) -> None:
    """Give the candidates the leaves from `before` on.

    Raises:
        Overtaken: the tree has another size by now, or one of the records was marked or is gone.
    """
    edge = merkle.frontier(before, read)
    nodes: list[dict[str, Any]] = []
    for one in candidates:
        nodes += [{"_id": node_id(node), "hash": hashed} for node, hashed in edge.append(one.hash)]
    leaves = [
        {"_id": number, "hash": one.hash, "source": one.source, "record": one.record}
        for number, one in enumerate(candidates, before)
    ]
    transactions.run(partial(_store, leaves, nodes))


def _store(leaves: list[dict[str, Any]], nodes: list[dict[str, Any]], session: ClientSession) -> None:
    advance(leaves[0]["_id"], len(leaves), session)
    AuditLeaf._get_collection().insert_many(leaves, session=session)
    if nodes:
        AuditNode._get_collection().insert_many(nodes, session=session)
    for source in SOURCES:
        mine = [one for one in leaves if one["source"] == source]
        marks = [
            UpdateOne(
                {"_id": one["record"], "pending": True}, {"$set": {"leaf": one["_id"]}, "$unset": {"pending": ""}}
            )
            for one in mine
        ]
        if marks and get_db()[source].bulk_write(marks, session=session).matched_count != len(marks):
            raise Overtaken


def advance(before: int, count: int, session: ClientSession) -> None:
    """Move the size from `before` on by `count`.

    Raises:
        Overtaken: it is not `before`.
    """
    grown = AuditTree._get_collection().update_one(
        {"_id": STATE, "size": before}, {"$inc": {"size": count}}, session=session
    )
    if not grown.matched_count:
        raise Overtaken
