"""Making points, routes and exhibits: for a place of one's scope, or for the unit as a whole."""

from collections.abc import Mapping
from typing import Any

from backend.errors import NotAllowed
from models.content import write
from models.content.write import Home
from models.identity.actors import Staff
from models.places import scope
from models.tourism import exhibit


def create(
    actor: Staff, kind_name: str, place_id: str | None, content: Mapping[str, Any], *, key: str, own: str | None = None
) -> dict[str, Any]:
    """Make a point or a route as a draft; return its item. The same `key` again returns the same.

    Raises:
        NotAllowed, NotFound: the place is out of the actor's scope.
        ContentTaken, ContentWrong, MediaWrong: see `write.create`.
    """
    return write.create(actor, kind_name, own or write.own_id(actor, key), _home(actor, place_id), content)


def create_exhibit(actor: Staff, place_id: str, number: int, content: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Make an exhibit with its number as a draft; return its item. The same `key` again returns the same.

    Raises:
        NotAllowed, NotFound, ContentTaken, ContentWrong, MediaWrong: see `create`; a number is taken once a place.
    """
    return exhibit.create(actor, _home(actor, place_id), number, content, own=write.own_id(actor, key))


def _home(actor: Staff, place_id: str | None) -> Home:
    if place_id is None:
        actor.require("content.write")
        if not actor.covers("content.write", unit=actor.unit, area=""):
            raise NotAllowed
        return Home(actor.unit)
    found = scope.place(actor, "content.write", place_id)
    return Home(found.get("unit") or actor.unit, scope.area(found), place_id)
