"""The pack that covers a label, with what a page says of it: one aggregation over indexes, read as it is at the moment.

A lot that was graded out of others and has no papers of its own needs two reads more, of the papers of those lots.
From which lots a lot came never changes, so each process keeps it. Nothing that somebody can move is kept: states of
pack, lot, certificate and commitment, and shown names.
"""

from functools import lru_cache
from typing import Any

from models.selenium import certificate, commitment, lot, producer
from models.selenium.certificate import Certificate
from models.selenium.commitment import Commitment
from models.selenium.pack import Pack

MOST_ANCESTORS, MOST_PAPERS = 8, 5
_STANDS: dict[str, Any] = {"state": {"$nin": ["voided", "replaced"]}}
_NEWEST: list[dict[str, Any]] = [{"$sort": {"_id": -1}}, {"$limit": MOST_PAPERS}]


def read(number: str, n: int) -> dict[str, Any] | None:
    """Return the pack that covers a label of a roll, with lot, producer and papers; None without."""
    found = next(iter(Pack._get_collection().aggregate(_matched(number, n) + _JOINED)), None)
    if found is None:
        return None
    for name in ("the_lot", "the_producer"):
        (found[name],) = found[name]
    return _with_ancestors(found)


def _matched(number: str, n: int) -> list[dict[str, Any]]:
    nearest: list[dict[str, Any]] = [{"$match": {"roll": number, "first": {"$lte": n}}}, {"$sort": {"first": -1}}]
    return [*nearest, {"$limit": 1}, {"$match": {"last": {"$gte": n}}}]


def _lookup(collection: str, field: str, foreign: str, name: str, **told: Any) -> dict[str, Any]:
    return {"$lookup": {"from": collection, "localField": field, "foreignField": foreign, "as": name, **told}}


# Lookups without a pipeline, and whole documents, take the store two thirds of the time of projections. Only of
# commitments a lot may have many.
_JOINED: list[dict[str, Any]] = [
    _lookup(lot.COLLECTION, "lot", "_id", "the_lot"),
    _lookup(producer.COLLECTION, "producer", "_id", "the_producer"),
    _lookup(certificate.COLLECTION, "lot", "lots", "certificates"),
    _lookup(
        commitment.COLLECTION,
        "lot",
        "lot",
        "commitments",
        pipeline=[{"$match": _STANDS}, *_NEWEST],
    ),
]


def _with_ancestors(found: dict[str, Any]) -> dict[str, Any]:
    """Add the papers of the lots that the pack's lot came from, where it has none of its own."""
    found["certificates"].sort(key=lambda one: one["_id"], reverse=True)
    if not found["the_lot"]["parents"] or (found["certificates"] and found["commitments"]):
        return found
    lots = {"$in": list(_ancestors(found["lot"]))}
    told = dict(found)
    if not found["certificates"]:
        told["certificates"] = list(Certificate._get_collection().aggregate([{"$match": {"lots": lots}}, *_NEWEST]))
    if not found["commitments"]:
        stands = [{"$match": {"lot": lots} | _STANDS}, *_NEWEST]
        told["commitments"] = list(Commitment._get_collection().aggregate(stands))
    return told


@lru_cache(maxsize=4096)
def _ancestors(number: str) -> tuple[str, ...]:
    """Return the lots that a lot was graded out of, over all steps."""
    back: dict[str, Any] = {"from": lot.COLLECTION, "startWith": "$parents", "connectFromField": "parents"}
    back |= {"connectToField": "_id", "as": "before", "maxDepth": MOST_ANCESTORS}
    steps = [{"$match": {"_id": number}}, {"$graphLookup": back}, {"$project": {"before._id": 1}}]
    (found,) = lot.Lot._get_collection().aggregate(steps)
    return tuple(one["_id"] for one in found["before"])
