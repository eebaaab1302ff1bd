"""Moving the personal data of a collection to other keys, a span of documents at a time, while others read and write.

A value is replaced by an update whose guard is the old bytes: a writer who was faster wins, and the document is read
again. Doing it twice changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mongoengine.connection import get_db
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from backend import personal_data
from backend.personal_data import Blind, Holding
from backend.sealing import SealBroken, Sealer, head_of

TRIES = 5
MOST, MOST_BYTES = 500, 1 << 22
"""Documents of a span, and about how much they may weigh: chunks of files are large."""
_DUPLICATE = 11000
_MISSING = {"$exists": False}
Span = tuple[Any, Any]
Changes = dict[str, tuple[Any, Any]]
"""Old and new value of each field to replace, by where it lies in the document."""


@dataclass
class Moved:
    """What became of a span: `found` values were under another key, the `broken` documents could not be moved."""

    seen: int = 0
    found: int = 0
    broken: list[str] = field(default_factory=list)


def room(collection: str) -> int:
    """Return how many documents of a collection make a span."""
    weight = get_db().command("collstats", collection).get("avgObjSize", 0)
    return max(1, min(MOST, MOST_BYTES // max(1, int(weight))))


def span(collection: str, after: Any) -> Span | None:
    """Return the first and the last id of the next documents of a collection, None at its end."""
    most = room(collection)
    cursor = get_db()[collection].find({}, {"_id": 1}).hint([("_id", 1)])
    if after is not None:
        cursor = cursor.min([("_id", after)])
    found = [one["_id"] for one in cursor.limit(most + 1)]
    ids = [one for one in found if one != after][:most]
    alike = [one for one in ids if type(one) is type(ids[0])]  # a range query stays within one type
    return (alike[0], alike[-1]) if alike else None


class Move:
    """Moves the sealed values of holdings to the active data key, or their blind values to the keys of the settings."""

    def __init__(self, sealer: Sealer, holdings: Sequence[Holding], *, blinds: bool) -> None:
        self._sealer, self._blinds = sealer, blinds
        self._held = [(one, blind) for one in holdings for blind in one.blind if blind.held_by] if blinds else []

    def touches(self, holding: Holding) -> bool:
        """Tell whether a collection holds anything that this moves."""
        return any(blind.source for blind in holding.blind) if self._blinds else bool(holding.sealed)

    def work(self, holding: Holding, ids: Span) -> Moved:
        """Move the documents of a span; what writers change all the time is left to the next pass."""
        told = Moved()
        for number in range(TRIES):
            changed, told = self._wanted(holding, ids, told)
            if not number:
                told.found = sum(len(one) for one in changed.values())
            if self._write(holding, changed, told):
                break
        told.found += sum(self._move_held(holding, other, blind, ids) for other, blind in self._held)
        return told

    def _wanted(self, holding: Holding, ids: Span, told: Moved) -> tuple[dict[Any, Changes], Moved]:
        changed, broken, seen = {}, [], 0
        for document in _documents(holding, ids):
            seen += 1
            try:
                if changes := self._changes(holding, document):
                    changed[document["_id"]] = changes
            except (SealBroken, KeyError):
                broken.append(f"{holding.collection}:{document['_id']}")
        return changed, Moved(seen, told.found, broken)

    def _write(self, holding: Holding, changed: dict[Any, Changes], told: Moved) -> bool:
        """Replace the values; return whether nobody was faster."""
        if not changed:
            return True
        ids, updates = list(changed), [_update(one, changes) for one, changes in changed.items()]
        try:
            done = get_db()[holding.collection].bulk_write(updates, ordered=False)
        except BulkWriteError as error:
            refused = (error.details or {}).get("writeErrors", [])
            if any(one["code"] != _DUPLICATE for one in refused):
                raise
            told.broken += [f"{holding.collection}:{ids[one['index']]}" for one in refused]
            return True
        return done.matched_count == len(updates)

    def _changes(self, holding: Holding, document: Mapping[str, Any]) -> Changes:
        if not self._blinds:
            return self._sealed(holding, document)
        changes: Changes = {}
        for blind in holding.blind:
            if blind.source:
                changes |= {
                    where: (old, want) for where, old, want in self._indexed(holding, blind, document) if old != want
                }
        return changes

    def _sealed(self, holding: Holding, document: Mapping[str, Any]) -> Changes:
        changes, head = {}, self._sealer.head
        for one in holding.sealed:
            for where, position, owner, name in personal_data.located(document, one.path):
                old = owner[name]
                if isinstance(old, bytes) and head_of(old) != head:
                    place = holding.place(one)
                    record = personal_data.record_name(one, document, owner, position)
                    changes[where] = (old, self._sealer.seal(place, record, self._sealer.open(place, record, old)))
        return changes

    def _indexed(
        self, holding: Holding, blind: Blind, document: Mapping[str, Any]
    ) -> Iterator[tuple[str, Any, list[bytes]]]:
        """Yield where a blind index lies, what it is, and what it must be."""
        source = next(one for one in holding.sealed if one.path == blind.source)
        tail = blind.path.rpartition(".")[2]
        for where, position, owner, name in personal_data.located(document, source.path):
            if isinstance(owner[name], bytes):
                record = personal_data.record_name(source, document, owner, position)
                text = self._sealer.open(holding.place(source), record, owner[name])
                want = self._sealer.blinds(blind.field, blind.normal(text, document))
                yield where.removesuffix(name) + tail, owner.get(tail, _MISSING), want

    def _move_held(self, holding: Holding, other: Holding, theirs: Blind, ids: Span) -> int:
        """Move the values of another collection whose sealed source lies in these documents; return how many."""
        ours = next((one for one in holding.blind if one.field == theirs.field and one.source), None)
        if theirs.held_by != holding.collection or ours is None:
            return 0
        wants: dict[bytes, list[bytes]] = {}
        for document in _documents(holding, ids):
            try:
                wants |= {value: want for _, _, want in self._indexed(holding, ours, document) for value in want}
            except (SealBroken, KeyError):
                continue
        return _follow(other, theirs, wants)


def _follow(other: Holding, blind: Blind, wants: Mapping[bytes, list[bytes]]) -> int:
    query = {blind.path: {"$in": list(wants)}}
    updates = []
    for document in get_db()[other.collection].find(query, {blind.path: 1}):
        old = document[blind.path]
        values = old if isinstance(old, list) else [old]
        want = next(wants[value] for value in values if value in wants)
        if old != want:
            updates.append(_update(document["_id"], {blind.path: (old, want)}))
    if updates:
        get_db()[other.collection].bulk_write(updates, ordered=False)
    return len(updates)


def _documents(holding: Holding, ids: Span) -> Iterator[dict[str, Any]]:
    yield from get_db()[holding.collection].find({"_id": {"$gte": ids[0], "$lte": ids[1]}}).hint([("_id", 1)])


def _update(document: Any, changes: Changes) -> UpdateOne:
    guard = {where: old for where, (old, _) in changes.items()}
    return UpdateOne({"_id": document, **guard}, {"$set": {where: new for where, (_, new) in changes.items()}})
