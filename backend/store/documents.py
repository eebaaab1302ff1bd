"""Reading one document, where a missing one is an error of who asked."""

from collections.abc import Mapping
from typing import Any

from mongoengine import Document
from pymongo.client_session import ClientSession

from backend.errors import NotFound


def one(
    kind: type[Document],
    query: Mapping[str, Any],
    shown: Mapping[str, Any] | None = None,
    *,
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Return the one document that fits a query, with the fields `shown`.

    Raises:
        NotFound: none fits.
    """
    found = kind._get_collection().find_one(query, shown, session=session)
    if found is None:
        raise NotFound
    return dict(found)
