"""The kinds of content: each scene registers its own, with the schema of what is written.

The engine knows of a kind what it needs: its form, what must be true before it is reviewed, where it lies, and the
outbox entry that follows when what is shown changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import marshmallow as ma

from backend.errors import NotFound
from backend.http.exact_json import exact
from backend.http.field_messages import flatten
from models.content.errors import ContentWrong, SourcesMissing, TranscriptMissing
from models.content.fields import Content

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """`check` raises when something that the fields name is not there; `position` is longitude and latitude, WGS-84.

    `follows` makes the outbox entry of a change: from the kind, the item's id within it, and when the change is due.
    """

    name: str
    zh: str
    schema: ma.Schema
    check: Callable[[Fields], None]
    position: Callable[[Fields], tuple[float, float] | None]
    follows: Callable[[str, str, datetime], dict[str, Any]] | None


_kinds: dict[str, Kind] = {}


def register(
    name: str,
    zh: str,
    schema: type[Content],
    *,
    check: Callable[[Fields], None] = lambda _fields: None,
    position: Callable[[Fields], tuple[float, float] | None] = lambda _fields: None,
    follows: Callable[[str, str, datetime], dict[str, Any]] | None = None,
) -> Kind:
    """Register a kind of content under its name, which is written as `guide_point`.

    Raises:
        ValueError: another kind has this name.
    """
    if name in _kinds:
        raise ValueError(name)
    built = schema()
    exact(built)
    _kinds[name] = Kind(name, zh, built, check, position, follows)
    return _kinds[name]


def get(name: str) -> Kind:
    """Return a kind.

    Raises:
        NotFound: nobody registered it.
    """
    if name not in _kinds:
        raise NotFound
    return _kinds[name]


def names() -> dict[str, str]:
    """Return the names of all kinds with their Chinese words."""
    return {name: one.zh for name, one in sorted(_kinds.items())}


def loaded(name: str, fields: Fields) -> dict[str, Any]:
    """Return what was written, checked by the form of its kind.

    Raises:
        NotFound: no such kind.
        ContentWrong: it does not have that form.
    """
    try:
        return dict(get(name).schema.load(fields))
    except ma.ValidationError as wrong:
        raise ContentWrong(fields=flatten(wrong.messages, "zh", "content")) from None


def require_complete(name: str, fields: Fields) -> None:
    """Check what must be there before anybody reviews it.

    Raises:
        TranscriptMissing: audio without its words.
        SourcesMissing: red heritage without facts that name their sources.
    """
    for number, part in enumerate(fields.get("media", [])):
        if part["role"] == "audio" and not part.get("transcript"):
            raise TranscriptMissing(fields={f"content.media.{number}.transcript": [TranscriptMissing.zh]})
    if fields.get("red_heritage") and not fields.get("facts"):
        raise SourcesMissing(fields={"content.facts": [SourcesMissing.zh]})
    get(name).check(fields)
