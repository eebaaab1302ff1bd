"""The one helper for changes that need several documents.

mongoengine has no transactions: the callback gets a pymongo session and passes it to collection calls. It may run more
than once, so it holds no outside call, no randomness and no clock.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from mongoengine.connection import get_connection
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

T = TypeVar("T")


def run(change: Callable[[ClientSession], T], *, client: MongoClient[dict[str, Any]] | None = None) -> T:
    """Run `change` in a snapshot transaction committed by the majority; its errors abort and come through.

    A migration, which works on the store that it was given, names that store's client.
    """
    with (client or get_connection()).start_session() as session:
        return session.with_transaction(
            change,
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern("majority", wtimeout=10_000),
            read_preference=ReadPreference.PRIMARY,
        )
