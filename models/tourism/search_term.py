"""What can be found by searching: one record a thing, with the terms under which the index finds it.

The records are a copy made for reading: `search_index` puts them after each change and can make all of them again.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mongoengine import DictField, Document, IntField, ListField, StringField

from backend import outbox
from models.tourism import search_text

KINDS = {"place": "景点", "venue": "场馆", "point": "讲解点", "route": "线路", "exhibit": "展品"}


class SearchTerm(Document):
    """The id reads kind and id of the thing: `place:luotianyan`. A term has its records by rank."""

    meta = {"collection": "search_terms", "auto_create_index": False, "indexes": [{"fields": ["terms", "rank"]}]}
    id = StringField(primary_key=True)
    kind = StringField(choices=tuple(KINDS), required=True)
    ref = StringField(required=True)
    rank = IntField(required=True)
    name = StringField(required=True)
    aliases = ListField(StringField())
    type = StringField()
    town = StringField()
    geo = DictField()
    facts = ListField(StringField())
    terms = ListField(StringField())


@dataclass(frozen=True)
class Told:
    """What a thing is called and known for; `facts` are found after everything else."""

    name: str
    rank: int
    aliases: tuple[str, ...] = ()
    type: str = ""
    town: str = ""
    facts: tuple[str, ...] = ()
    geo: dict[str, float] = field(default_factory=dict)


def changed(kind: str, own: str, due: datetime) -> dict[str, Any]:
    """Return what content carries in its `outbox` when it is shown otherwise; `kind` is the content's."""
    return outbox.entry("reports", "tourism.index_content", due=due, kind=kind, own=own)


def put(kind: str, ref: str, told: Told) -> None:
    """Let a thing be found as it is told; the same again changes nothing."""
    record: dict[str, Any] = {"kind": kind, "ref": ref, "name": told.name, "rank": told.rank}
    record |= {"aliases": list(told.aliases), "facts": list(told.facts)}
    record |= {name: value for name in ("type", "town", "geo") if (value := getattr(told, name))}
    known = [text for text in (told.type, told.town) if text]
    record["terms"] = search_text.terms([told.name, *told.aliases], [*known, *told.facts])
    SearchTerm._get_collection().replace_one({"_id": f"{kind}:{ref}"}, record, upsert=True)


def drop(kind: str, ref: str) -> None:
    """Let a thing no more be found; repeating it changes nothing."""
    SearchTerm._get_collection().delete_one({"_id": f"{kind}:{ref}"})
