"""One connection a process, at majority, and the check that the server deserves it."""

from typing import Any

import mongoengine
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from backend.errors import CityError

OPTIONS: dict[str, Any] = {
    "w": "majority",
    "wTimeoutMS": 10_000,
    "readConcernLevel": "majority",
    "retryWrites": True,
    "readPreference": "primary",
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 2_000,
    "socketTimeoutMS": 6_000,
    "maxPoolSize": 64,
    "waitQueueTimeoutMS": 5_000,
    "tz_aware": True,
    "uuidRepresentation": "standard",
}


class StoreRefused(CityError):
    """The store is not one that this service may run on."""

    code = "store_refused"
    zh = "数据库不符合要求:{reason}"
    en = "The store is refused: {reason}"

    def __str__(self) -> str:
        return self.message("en")


def connect(uri: str, *, patient: bool = False) -> MongoClient[dict[str, Any]]:
    """Connect mongoengine's default alias; concerns and time-outs are ours whatever the URI says.

    A `patient` connection waits for one answer as long as it takes: building an index may take minutes.
    """
    mongoengine.disconnect()
    return mongoengine.connect(host=uri, **(OPTIONS | ({"socketTimeoutMS": None} if patient else {})))


def require_replica_set(client: MongoClient[dict[str, Any]]) -> None:
    """Refuse a standalone server: without a replica set acknowledged writes are lost on a kill.

    Raises:
        StoreRefused: the server cannot be reached, or is no replica set with a primary.
    """
    try:
        hello = client.admin.command("hello")
    except PyMongoError as error:
        raise StoreRefused(reason=f"no answer ({type(error).__name__})") from error
    if "setName" not in hello:
        raise StoreRefused(reason="it is not a replica set")
