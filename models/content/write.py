"""Writing: a new item, a further revision, one taken back from the past, and what is imported as published.

Each revision is stored in the transaction that lets its item name it. What a client sends twice is one revision: an
item's id comes from the key of its request, and a revision that says the same on the same base is that one.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.store import transactions
from models.audit import entry
from models.content import item, kind, media, revision
from models.content.errors import ContentStateWrong, ContentTaken, RevisionStale
from models.content.item import ContentItem
from models.identity import staff
from models.identity.actors import Staff


@dataclass(frozen=True)
class Home:
    """Whose content it is: the unit that answers for it, in an area, about a place where there is one."""

    unit: str
    area: str = ""
    place: str = ""


def own_id(actor: Staff, key: str) -> str:
    """Return the id of an item that an actor makes by a request with this key."""
    return hashlib.sha256(f"{actor.key}\x00{key}".encode()).hexdigest()[:24]


def create(
    actor: Staff,
    kind_name: str,
    own: str,
    home: Home,
    content: Mapping[str, Any],
    *,
    also: Callable[[ClientSession], None] = lambda _session: None,
) -> dict[str, Any]:
    """Make an item with its first revision as a draft; return it. The caller has checked that `home` is in scope.

    `also` runs in the same transaction.

    Raises:
        ContentWrong: the content does not have the form of its kind.
        MediaWrong: a file is not there, not the actor's, or not of the sort of its role.
        ContentTaken: another content has this id.
    """
    told = kind.loaded(kind_name, content)
    made = _item(item.item_id(kind_name, own), kind_name, home, told)
    made["open"] = _opened(1, [actor.staff_id])
    line = entry.line(actor.key, "content.create", f"content:{made['_id']}", unit=home.unit)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        ContentItem._get_collection().insert_one(dict(made), session=session)
        media.attach(actor, made["_id"], told, session)
        revision.add(_revision(made["_id"], 1, told, author=actor.staff_id), session)
        also(session)
        entry.write(line, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        return _same(actor, made["_id"], told)
    return made


def _same(actor: Staff, item_name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    found = item.ContentItem._get_collection().find_one({"_id": item_name})
    if found is None:  # what `also` wrote was taken, not the id
        raise ContentTaken
    first = revision.read(item_name, 1)
    if first.get("author") != actor.staff_id or first["content"] != told:
        raise ContentTaken
    return found


def _item(item_name: str, kind_name: str, home: Home, content: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        "_id": item_name,
        "kind": kind_name,
        "title_zh": content["title_zh"],
        "unit": home.unit,
        "area": home.area,
        "revision": 1,
        "live": [],
        "at": clock.now(),
    }
    return made | ({"place": home.place} if home.place else {})


def _opened(number: int, authors: list[ObjectId]) -> dict[str, Any]:
    return {"revision": number, "state": "draft", "authors": authors, "reviewers": [], "at": clock.now()}


def _revision(item_name: str, number: int, content: Mapping[str, Any], **told: Any) -> dict[str, Any]:
    return {"item": item_name, "number": number, "content": dict(content), "at": clock.now(), **told}


def save(actor: Staff, item_name: str, base: int, content: Mapping[str, Any]) -> dict[str, Any]:
    """Write the revision after `base`, which must be the last one; return the item.

    Raises:
        NotFound: no such item within the actor's scope.
        ContentWrong, MediaWrong: see `create`.
        ContentStateWrong: the open revision is being reviewed.
        RevisionStale: somebody wrote a later one.
    """
    found = item.reach(actor, "content.write", item_name)
    return _further(actor, found, base, kind.loaded(found["kind"], content), {})


def roll_back(actor: Staff, item_name: str, number: int, base: int) -> dict[str, Any]:
    """Write what revision `number` said as a further one, which is reviewed as any other; return the item.

    Raises:
        NotFound: no such item within the actor's scope, or no such revision.
        ContentWrong, ContentStateWrong, RevisionStale: see `save`.
    """
    found = item.reach(actor, "content.write", item_name)
    told = kind.loaded(found["kind"], revision.read(item_name, number)["content"])
    return _further(actor, found, base, told, {"of": number})


def _further(
    actor: Staff, found: dict[str, Any], base: int, content: dict[str, Any], told: dict[str, Any]
) -> dict[str, Any]:
    item_name, number = found["_id"], base + 1
    made = _revision(item_name, number, content, author=actor.staff_id, **told)
    line = entry.line(actor.key, "content.write", f"content:{item_name}", unit=found["unit"], revision=number, **told)

    def change(session: ClientSession) -> bool:
        staff.require_acting(actor, line, session)
        before = item.read(item_name, session)
        opened = before.get("open") or {}
        if before["revision"] != base or opened.get("state", "draft") not in item.WRITABLE:
            return False
        authors = [*(one for one in opened.get("authors", []) if one != actor.staff_id), actor.staff_id]
        media.attach(actor, item_name, content, session)
        revision.add(made, session)
        fresh = _opened(number, authors) | {"at": made["at"]}
        fields = {"revision": number, "open": fresh, "title_zh": content["title_zh"], "at": made["at"]}
        ContentItem._get_collection().update_one({"_id": item_name}, {"$set": fields}, session=session)
        entry.write(line, session)
        return True

    if not transactions.run(change):
        _require_same(actor, item_name, made)
    return item.read(item_name)


def _require_same(actor: Staff, item_name: str, made: dict[str, Any]) -> None:
    """Take a repeated request for done; refuse any other that came too late."""
    found = item.read(item_name)
    if found["revision"] == made["number"]:
        last = revision.read(item_name, made["number"])
        if last.get("author") == actor.staff_id and last["content"] == made["content"]:
            return
    if found["revision"] != made["number"] - 1:
        raise RevisionStale(revision=found["revision"])
    raise ContentStateWrong(item.state_of(found, clock.now()))


def import_published(kind_name: str, own: str, home: Home, content: Mapping[str, Any]) -> bool:
    """Put content of the county's reference data as published, marked as imported; tell whether it was not there.

    It is shown from the beginning of the day on.
    Who compiled the data has checked it against its sources, which it must name; staff change it by revisions that are
    reviewed. What is there already belongs to the staff and is left alone. Repeating heals a put that was cut off.

    Raises:
        ContentWrong, TranscriptMissing, SourcesMissing: see `kind`.
    """
    name = item.item_id(kind_name, own)
    if ContentItem._get_collection().find_one({"_id": name}, {"_id": 1}):  # complete or not by what staff withdrew
        return False
    told = kind.loaded(kind_name, content)
    kind.require_complete(kind_name, told)
    made, now = _item(name, kind_name, home, told), clock.now()
    shown = {"revision": 1, "from": clock.at(clock.today(), 0), "published_at": now, "imported": True}
    made["live"] = [item.live_entry(kind_name, told, **shown)]

    def change(session: ClientSession) -> bool:
        if ContentItem._get_collection().find_one({"_id": made["_id"]}, {"_id": 1}, session=session):
            return False
        ContentItem._get_collection().insert_one(dict(made), session=session)
        revision.add(_revision(made["_id"], 1, told, imported=True), session)
        return True

    return transactions.run(change)
