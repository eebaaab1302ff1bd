"""Proofs against published heads: that a leaf is in the log, and that an older log is the beginning of a newer one.

Only sizes up to that of the newest published head are shown. A leaf is asked for by its hash, which says nothing of the
content (`models.audit.canonical`).
"""

from typing import Any

from bson import ObjectId
from mongoengine.connection import get_db

from backend import merkle
from backend.errors import Conflict, NotFound, Unprocessable
from models.audit import canonical, tree, tree_head
from models.audit.tree import AuditLeaf


class NotChainedYet(Conflict):
    """409: the record has no leaf under a published head yet."""

    code = "audit_not_chained_yet"
    zh = "这条记录还没有入链,请一分钟后再试。"
    en = "This record is not chained yet. Try again in a minute."


class SizesWrong(Unprocessable):
    """422: no such pair of published sizes."""

    code = "tree_sizes_wrong"
    zh = "树的大小须从 1 起,先小后大,且不超过最新公布的大小 {size}。"
    en = "Tree sizes start at 1, the smaller first, and do not exceed the newest published size {size}."


def consistency(first: int, second: int) -> list[str]:
    """Return the proof that the log of `first` leaves is the beginning of that of `second`.

    Raises:
        NotFound: nothing is published yet.
        SizesWrong: there is no such pair.
    """
    newest = tree_head.published().size
    if not 0 < first <= second <= newest:
        raise SizesWrong(size=newest)
    return [one.hex() for one in merkle.consistency(first, second, tree.read)]


def inclusion(leaf_hash: bytes, size: int | None) -> dict[str, Any]:
    """Return number and path of the leaf with this hash in the log of `size` leaves, by default the published one.

    Raises:
        NotFound: no such leaf in a log of that size.
        SizesWrong: no such size is published.
    """
    newest = tree_head.published().size
    size = newest if size is None else size
    if not 0 < size <= newest:
        raise SizesWrong(size=newest)
    found = AuditLeaf._get_collection().find_one({"hash": leaf_hash})
    if found is None or found["_id"] >= size:
        raise NotFound
    path = merkle.inclusion(found["_id"], size, tree.read)
    return {"leaf_index": found["_id"], "tree_size": size, "proof": [one.hex() for one in path]}


def of_record(source: str, record_id: ObjectId) -> dict[str, Any]:
    """Return a record in canonical form with the proof that the newest published log holds it.

    Raises:
        NotFound: no such record.
        NotChainedYet: it has no leaf under a published head yet.
    """
    found = get_db()[source].find_one({"_id": record_id})
    if found is None:
        raise NotFound
    head, leaf = tree_head.newest(), AuditLeaf._get_collection().find_one({"record": record_id, "source": source})
    if head is None or leaf is None or leaf["_id"] >= head.size:
        raise NotChainedYet
    path = merkle.inclusion(leaf["_id"], head.size, tree.read)
    return {
        "canonical": canonical.form(source, found).decode(),
        "leaf_index": leaf["_id"],
        "leaf_hash": bytes(leaf["hash"]).hex(),
        "proof": [one.hex() for one in path],
        "head": head.wire(),
    }
