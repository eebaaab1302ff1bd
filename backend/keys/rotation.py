"""Rotation of keys while the service runs: a long job over everything that is declared as personal data.

`field_key`: a new data key seals from here on; every value under an older key, or sealed directly by a key of
FIELD_KEYS, is sealed anew; the older keys retire when a whole pass finds nothing under them.
`blind_index`: every record gets the values of the index keys in the settings, and no others (`backend.keys.index_key`).
`key_encryption_key`: the data keys are wrapped by the current key of the key service; the data stay as they are.

One rotation runs at a time. Its job resumes where a killed worker stood.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

from bson import ObjectId, json_util
from mongoengine import BooleanField, DateTimeField, Document, IntField, ObjectIdField, StringField
from mongoengine.connection import get_db
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, jobs, outbox, personal_data, runtime
from backend.errors import CityError, Conflict
from backend.keys import data_key, index_key
from backend.keys.moving import Move, room, span
from backend.sealing import REFRESH_SECONDS
from backend.store import transactions

What = Literal["field_key", "blind_index", "key_encryption_key"]
WHAT: tuple[What, ...] = ("field_key", "blind_index", "key_encryption_key")
SETTLED = timedelta(seconds=REFRESH_SECONDS + 20)
"""After this long every process seals with the new key, those that were about to store something included."""
SPANS = 4
"""Spans that a worker does before it puts the job back into the queue, well within its lease."""
LEAST_PASSES, MOST_PASSES = 2, 10


class KeyRotation(Document):
    """`seen`, `found` and `broken` count the pass that runs, `moved` all passes; `ended_clean` tells how it ended."""

    meta = {
        "collection": "key_rotations",
        "auto_create_index": False,
        "indexes": [{"fields": ["running"], "unique": True, "sparse": True}],
    }
    what = StringField(choices=WHAT, required=True)
    running = BooleanField()
    job = ObjectIdField(required=True)
    number = IntField(required=True)
    seen = IntField(required=True)
    found = IntField(required=True)
    broken = IntField(required=True)
    moved = IntField(required=True)
    ended_clean = BooleanField()
    started_by = StringField(required=True)
    started_at = DateTimeField(required=True)
    finished_at = DateTimeField()


class RotationRunning(Conflict):
    """409: another rotation is under way."""

    code = "key_rotation_running"
    zh = "已有一项密钥轮换正在进行,请等它完成后再试。"
    en = "A rotation of keys is under way. Wait until it is done."


class HoldingUnknown(CityError):
    """This worker does not know a collection that the process which began the rotation knows."""

    code = "holding_unknown"


def start(what: What, *, started_by: str, along: Callable[[ClientSession], None]) -> dict[str, Any]:
    """Begin a rotation and return its job; `along` writes the audit entry in the same transaction.

    Raises:
        RotationRunning: another one is under way.
        KeyUnknown, KeyFileRefused: the key service does not wrap.
    """
    parts, rotation_id = runtime.current(), ObjectId()
    made = data_key.successor(parts.keys, parts.settings.field_algorithm) if what == "field_key" else None
    counts = dict.fromkeys(("seen", "found", "broken", "moved"), 0)
    record: dict[str, Any] = {"_id": rotation_id, "what": what, "running": True, "number": 1, **counts}
    record |= {"started_by": started_by, "started_at": clock.now()}
    names = [one.collection for one in personal_data.holdings()]
    args, steps = {"rotation": str(rotation_id), "collections": names}, _steps(what)

    def change(session: ClientSession) -> dict[str, Any]:
        job = jobs.start("keys.rotate", args=args, total=steps, started_by=started_by, session=session)
        KeyRotation._get_collection().insert_one({**record, "job": job["_id"]}, session=session)
        if made:
            data_key.succeed(made, session)
        along(session)
        return job

    try:
        job = transactions.run(change)
    except DuplicateKeyError:
        raise RotationRunning from None
    parts.sealer.reload()
    outbox.wake("reports")
    return job


def _steps(what: What) -> int:
    """Return how many spans the passes that are always made have, by the store's own counters."""
    if what == "key_encryption_key":
        return len(data_key.listed())
    move = _move(what)
    names = [one.collection for one in personal_data.holdings() if move.touches(one)]
    return LEAST_PASSES * sum(-(-get_db()[name].estimated_document_count() // room(name)) for name in names)


def _move(what: What) -> Move:
    return Move(runtime.current().sealer, personal_data.holdings(), blinds=what == "blind_index")


def latest() -> dict[str, Any] | None:
    """Return the rotation that began last, None when there was none."""
    return KeyRotation._get_collection().find_one({}, sort=[("_id", -1)], hint=[("_id", 1)])


def work(job_id: ObjectId) -> None:
    """Work on a rotation.

    Raises:
        outbox.Later: it is not done.
        HoldingUnknown: this process lacks a declaration that the rotation must follow.
    """
    args = jobs.read(job_id)["args"]
    if set(args["collections"]) - {one.collection for one in personal_data.holdings()}:
        raise HoldingUnknown
    found = _read(ObjectId(args["rotation"]))
    if found["what"] == "key_encryption_key":
        _rewrap(job_id, found["_id"])
        return
    if found["what"] == "field_key" and (wait := found["started_at"] + SETTLED - clock.now()) > timedelta(0):
        raise outbox.Later(wait.total_seconds())
    runtime.current().sealer.reload()
    walk = _Walk(found["_id"], _move(found["what"]))
    jobs.work(job_id, walk.next, walk.step)


def _read(rotation_id: ObjectId) -> dict[str, Any]:
    return KeyRotation._get_collection().find_one({"_id": rotation_id}) or {}


class _Walk:
    """Pass after pass over all collections; an item of the job is a span of one of them."""

    def __init__(self, rotation_id: ObjectId, move: Move) -> None:
        self._id, self._move = rotation_id, move
        self._holdings = {one.collection: one for one in personal_data.holdings() if move.touches(one)}

    def next(self, position: str | None) -> list[str]:
        """Return the next spans; none when the rotation is done."""
        items: list[str] = []
        while len(items) < SPANS and (item := self._after(items[-1] if items else position, first=not items)):
            items.append(item)
        return items

    def _after(self, position: str | None, *, first: bool) -> str | None:
        """Return the span after a position; a pass ends only when all its spans are done."""
        at: dict[str, Any] = json_util.loads(position) if position else {"pass": 1, "in": "", "upto": None}
        if item := self._within(at["pass"], at["in"], at["upto"]):
            return item
        while first and _another(self._id, at["pass"]):
            at["pass"] += 1
            if item := self._within(at["pass"], "", None):
                return item
        return None

    def _within(self, number: int, collection: str, upto: Any) -> str | None:
        for name in self._holdings:
            if name >= collection and (ids := span(name, upto if name == collection else None)):
                return json_util.dumps({"pass": number, "in": name, "from": ids[0], "upto": ids[1]})
        return None

    def step(self, item: str) -> str | None:
        """Move one span; return what a person must look at."""
        at = json_util.loads(item)
        told = self._move.work(self._holdings[at["in"]], (at["from"], at["upto"]))
        _count(self._id, seen=told.seen, found=told.found, broken=len(told.broken), moved=told.found)
        return ", ".join(told.broken[:10]) or None


def _count(rotation_id: ObjectId, **counts: int) -> None:
    KeyRotation._get_collection().update_one({"_id": rotation_id}, {"$inc": counts})


def _another(rotation_id: ObjectId, number: int) -> bool:
    """Tell whether a pass follows pass `number`; when none does, the rotation ends here."""
    found = _read(rotation_id)
    if found["number"] > number:  # a worker that was killed had gone on
        return True
    if number < LEAST_PASSES or (found["found"] and number < MOST_PASSES):
        anew = {"number": number + 1, "seen": 0, "found": 0, "broken": 0}
        KeyRotation._get_collection().update_one({"_id": rotation_id, "number": number}, {"$set": anew})
        return True
    _end(found, clean=not found["found"] and not found["broken"])
    return False


def _end(found: dict[str, Any], *, clean: bool) -> None:
    """Retire what a whole pass found unused; after a pass that was not clean the old keys stay."""
    if clean and found["what"] == "field_key":
        data_key.retire()
    if clean and found["what"] == "blind_index":
        index_key.note_complete(list(runtime.current().settings.blind_index_keys))
    change = {"$set": {"ended_clean": clean, "finished_at": clock.now()}, "$unset": {"running": ""}}
    KeyRotation._get_collection().update_one({"_id": found["_id"], "running": True}, change)


def _rewrap(job_id: ObjectId, rotation_id: ObjectId) -> None:
    keys = runtime.current().keys
    kek = keys.current()

    def batch(position: str | None) -> list[str]:
        waiting = [number for number in data_key.under_other(kek) if number > int(position or 0)]
        if not waiting:
            found = _read(rotation_id)
            _end(found, clean=not found["broken"])
        return [str(number) for number in waiting]

    def step(item: str) -> str | None:
        try:
            changed = data_key.rewrap(int(item), keys, kek)
        except CityError as error:
            _count(rotation_id, seen=1, broken=1)
            return error.code
        _count(rotation_id, seen=1, moved=int(changed))
        return None

    jobs.work(job_id, batch, step)
