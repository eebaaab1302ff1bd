"""The files of content: attached to their item when a revision names them, open to everybody while it is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound
from backend.uploads import check
from models.content import item
from models.content.errors import MediaWrong
from models.identity.actors import Staff
from models.media import chunk, file

PURPOSE = "content_media"
_SORTS = {"picture": check.PICTURES, "poster": check.PICTURES, "audio": check.AUDIO}


@dataclass(frozen=True)
class Shown:
    """A file that may be handed out: its digest, size and type, and how to read a part of it."""

    file_id: ObjectId
    sha256: str
    size: int
    media_type: str

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end`."""
        return chunk.read_between(self.file_id, start, end)


def attached_to(item_name: str) -> str:
    """Return the name under which the files of an item are kept."""
    return f"content:{item_name}"


def attach(actor: Staff, item_name: str, content: Mapping[str, Any], session: ClientSession) -> None:
    """Attach the files that a revision names: those of the item already, and the actor's own.

    Raises:
        MediaWrong: one is neither, or not of the sort of its role.
    """
    whose = attached_to(item_name)
    for number, part in enumerate(content.get("media", [])):
        file_id, where = ObjectId(part["file"]), f"content.media.{number}.file"
        try:
            found = file.attached(file_id)
            if found is None or found["attached_to"] != whose:
                file.attach([file_id], actor.key, to=whose, purpose=PURPOSE, session=session)
                found = file.read(file_id, reader=actor.key)
        except NotFound:
            raise MediaWrong({where: MediaWrong.zh}) from None
        if found["kind"] not in _SORTS[part["role"]]:
            raise MediaWrong({where: MediaWrong.zh})


def published(file_id: ObjectId) -> Shown:
    """Return a file of content that is shown at this moment.

    Raises:
        NotFound: no such file, or nothing that is shown names it.
    """
    found = file.attached(file_id)
    owner, _, item_name = (found or {}).get("attached_to", "").partition(":")
    if found is None or owner != "content":
        raise NotFound
    told = item.shown(item.read(item_name), clock.now())
    if told is None or str(file_id) not in {part["file"] for part in told.get("media", [])}:
        raise NotFound
    return _shown(found)


def for_review(actor: Staff, item_name: str, file_id: ObjectId) -> Shown:
    """Return a file of an item within the actor's scope, whether it is shown or not.

    Raises:
        NotAllowed, NotFound: see `item.reach`; also a file of another item.
    """
    item.reach(actor, "content.read", item_name)
    found = file.attached(file_id)
    if found is None or found["attached_to"] != attached_to(item_name):
        raise NotFound
    return _shown(found)


def _shown(found: Mapping[str, Any]) -> Shown:
    return Shown(found["_id"], found["sha256"], found["size"], check.KINDS[found["kind"]].media_type)
