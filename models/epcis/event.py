"""A stored event: as it was captured, and the few columns by which it is found. It is never changed.

What was wrong is corrected by an error declaration: the same event again with `errorDeclaration`, under the same
eventID, which stands beside the event (its id has a mark at the end that no URI can have).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from mongoengine import BinaryField, DateTimeField, Document, ListField, StringField

from backend import clock
from models.epcis import keys
from models.epcis.checks import moment

DECLARED = " error"
LARGEST_BYTES = 1 << 20
MOST_THINGS = 5_000


class Event(Document):
    """The id is the eventID; `raw` is the JSON as captured, `context` the prefixes of the document around it.

    `digest` is of the content but for `recordTime`; a declaration has in `core` that of the event which it is about.
    """

    meta = {
        "collection": "epcis_events",
        "auto_create_index": False,
        "indexes": [
            ["things", "-event_time", "-_id"],
            ["words", "-event_time", "-_id"],
            ["words", "-recorded_at", "-_id"],
            ["readers", "-event_time", "-_id"],
            ["readers", "-recorded_at", "-_id"],
            ["-event_time", "-_id"],
            ["-recorded_at", "-_id"],
        ],
    }
    id = StringField(primary_key=True)
    party = StringField(required=True)
    readers = ListField(StringField())
    type = StringField(required=True)
    action = StringField()
    event_time = DateTimeField(required=True)
    recorded_at = DateTimeField(required=True)
    things = ListField(StringField())
    words = ListField(StringField())
    digest = BinaryField(required=True)
    core = BinaryField()
    context = StringField()
    raw = StringField(required=True)


def record(event: Mapping[str, Any], event_id: str, party: str, context: str, at: datetime) -> dict[str, Any]:
    """Return the document of a valid event."""
    told = {name: part for name, part in event.items() if name != "recordTime"} | {"eventID": event_id}
    declared = "errorDeclaration" in told
    made = {
        "_id": event_id + DECLARED if declared else event_id,
        "party": party,
        "readers": keys.readers(event, party),
        "type": event["type"],
        "event_time": moment(event["eventTime"]),
        "recorded_at": at,
        "things": keys.things(event),
        "words": keys.words(event),
        "digest": _digest(told),
        "raw": orjson.dumps(told).decode(),
    }
    if "action" in event:
        made["action"] = event["action"]
    if declared:
        made["core"] = _digest({name: part for name, part in told.items() if name != "errorDeclaration"})
    if context:
        made["context"] = context
    return made


def _digest(told: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as captured, with when it was recorded."""
    at = clock.civil(found["recorded_at"]).isoformat(timespec="milliseconds")
    return {**orjson.loads(found["raw"]), "recordTime": at}


def other_id(record_id: str) -> str:
    """Return the id of the declaration about an event, or of the event that a declaration is about."""
    return record_id.removesuffix(DECLARED) if record_id.endswith(DECLARED) else record_id + DECLARED
