"""The one helper for changes that need several documents.

mongoengine has no transactions: the callback gets a pymongo session and passes it to collection calls. It may run more
than once, so it holds no outside call, no randomness and no clock.
"""

from collections.abc import Callable
from typing import TypeVar

from mongoengine.connection import get_connection
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

T = TypeVar("T")


def run(change: Callable[[ClientSession], T]) -> T:
    """Run `change` in a snapshot transaction committed by the majority; its errors abort and come through."""
    with get_connection().start_session() as session:
        return session.with_transaction(
            change,
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern("majority", wtimeout=10_000),
            read_preference=ReadPreference.PRIMARY,
        )
