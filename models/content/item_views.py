"""What staff see of content: lists, the work of a review step, one item with its revisions and acts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend import clock
from backend.store import paging
from models.content import differences, item, kind, review, revision
from models.content.errors import STATES
from models.content.item import ContentItem
from models.identity.actors import Staff

Page = tuple[list[dict[str, Any]], str | None]
_WITHOUT = {"live.content": 0, "outbox": 0}


def listed(actor: Staff, *, kind_name: str | None, place: str | None, cursor: str | None, limit: int) -> Page:
    """Return a page of the items within the actor's scope, by id; one limited to an area may get fewer than `limit`."""
    actor.require("content.read")
    query = _of_units(actor, "content.read")
    query |= {"kind": kind_name} if kind_name else {}
    query |= {"place": place} if place else {}
    return _page(actor, "content.read", query, cursor, limit)


def work(actor: Staff, step: str, *, cursor: str | None, limit: int) -> Page:
    """Return a page of what waits in a step for the actor: within their scope, not written or passed by them."""
    operation = item.OPERATIONS[step]
    actor.require(operation)
    query = _of_units(actor, operation) | {"open.state": step}
    mine = {"$ne": actor.staff_id}
    query |= {"open.authors": mine, "open.reviewers": mine} if step in review.REVIEWS else {}
    return _page(actor, operation, query, cursor, limit)


def _of_units(actor: Staff, operation: str) -> dict[str, Any]:
    units = actor.units_for(operation)
    return {} if units is None else {"unit": {"$in": sorted(units)}}


def _page(actor: Staff, operation: str, query: dict[str, Any], cursor: str | None, limit: int) -> Page:
    found, following = paging.page(
        ContentItem._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection=_WITHOUT
    )
    now = clock.now()
    reached = (one for one in found if actor.covers(operation, unit=one["unit"], area=one.get("area") or ""))
    return [short(one, now) for one in reached], following


def short(found: Mapping[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """Return an item in a few words for the wire."""
    now = now or clock.now()
    state = item.state_of(found, now)
    told = {
        "id": found["_id"],
        "kind": found["kind"],
        "kind_zh": kind.names().get(found["kind"], found["kind"]),
        "title_zh": found["title_zh"],
        "unit": found["unit"],
        "revision": found["revision"],
        "state": state,
        "state_zh": STATES[state],
        "at": _wire(found["at"]),
        "live": [_live(one) for one in found.get("live", [])],
    }
    return told | {name: found[name] for name in ("area", "place") if found.get(name)}


def _live(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {"revision": one["revision"], "from": _wire(one["from"]), "imported": bool(one.get("imported"))}
    return told | ({"to": _wire(one["to"])} if one.get("to") else {})


def detailed(actor: Staff, item_name: str) -> dict[str, Any]:
    """Return an item with its last revisions and what was done with them.

    Raises:
        NotAllowed, NotFound: see `item.reach`.
    """
    found = item.reach(actor, "content.read", item_name)
    revisions = [_revision(one) for one in revision.newest(item_name)]
    return {**short(found), "revisions": revisions, "acts": review.acts(item_name)}


def _revision(found: Mapping[str, Any]) -> dict[str, Any]:
    told = {"number": found["number"], "at": _wire(found["at"]), "imported": bool(found.get("imported"))}
    told |= {"author": f"staff:{found['author']}"} if found.get("author") else {}
    return told | ({"of": found["of"]} if found.get("of") else {})


def one_revision(actor: Staff, item_name: str, number: int) -> dict[str, Any]:
    """Return a revision with what it says.

    Raises:
        NotAllowed, NotFound: see `item.reach`; also no such revision.
    """
    item.reach(actor, "content.read", item_name)
    found = revision.read(item_name, number)
    return {**_revision(found), "content": found["content"]}


def compared(actor: Staff, item_name: str, before: int, after: int) -> list[dict[str, Any]]:
    """Return what differs between two revisions of an item; none before the first is an empty one.

    Raises:
        NotAllowed, NotFound: see `one_revision`.
    """
    item.reach(actor, "content.read", item_name)
    old = revision.read(item_name, before)["content"] if before else {}
    return differences.between(old, revision.read(item_name, after)["content"])


def _wire(moment: datetime) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")
