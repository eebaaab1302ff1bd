"""What gates were told, one record a scan. Those that let somebody in or out wait to be counted by who counts people.

The ticket is what decides; a record is written after it. Where a process dies in between, the gate repeats its request,
or hands it in with its journal, under the same nonce, and the record is made then.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from mongoengine import BooleanField, DateTimeField, Document, IntField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import personal_data
from backend.personal_data import Holding

PASSED = ("admitted", "exited")
"""The results with which somebody goes through."""


class GateScan(Document):
    """The id reads device and nonce. `uncounted` is there until the number of people inside knows of the scan."""

    meta = {
        "collection": "gate_scans",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["ticket"], "sparse": True},
            {"fields": ["place", "-at"]},
            {"fields": ["uncounted", "place", "at"], "partialFilterExpression": {"uncounted": True}},
        ],
    }
    id = StringField(primary_key=True)
    device = StringField(required=True)
    place = StringField(required=True)
    zone = StringField()
    direction = StringField(choices=("in", "out"))
    ticket = StringField()
    result = StringField(required=True)
    shown_by = StringField()
    entries = IntField()
    left = IntField()
    places = IntField()
    offline = BooleanField()
    uncounted = BooleanField()
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "gate_scans", "闸机扫码记录", via=(("ticket", "tickets"),), at_deletion="keep", because="只含票号、闸机和时间"
    )
)


def told(scan: str) -> dict[str, Any] | None:
    """Return the record of a scan, None when there is none."""
    return GateScan._get_collection().find_one({"_id": scan})


def note(record: Mapping[str, Any]) -> None:
    """Take down what a gate was told; the same scan that came twice at once was judged alike."""
    with contextlib.suppress(DuplicateKeyError):
        GateScan._get_collection().insert_one({**record, **_waiting(record)})


def note_late(record: Mapping[str, Any], session: ClientSession | None) -> None:
    """Take down a scan without network, so that the same scan sent online is the same scan.

    One that was refused online, and let through by the gate that did not hear of it, did let somebody through.
    """
    scans, late = GateScan._get_collection(), {**record, "offline": True, **_waiting(record)}
    rest = {name: value for name, value in late.items() if name != "_id"}
    scans.update_one({"_id": record["_id"]}, {"$setOnInsert": rest}, upsert=True, session=session)
    refused = {"_id": record["_id"], "result": {"$nin": list(PASSED)}}
    scans.update_one(refused, {"$set": rest}, session=session)


def _waiting(record: Mapping[str, Any]) -> dict[str, bool]:
    return {"uncounted": True} if record["result"] in PASSED else {}
