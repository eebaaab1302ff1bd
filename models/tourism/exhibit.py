"""An exhibit (展品): its short number, which people type, and its mini-program code, which they scan.

What is told of it is content of the kind `guide_exhibit` under the same id. Number and code are no content: they are
printed on a label, and stay when the text changes.
"""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from bson import ObjectId
from marshmallow import validate
from mongoengine import DateTimeField, Document, IntField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound
from backend.store import documents
from models.content import item, kind, write
from models.content.fields import ID, Content, text
from models.content.write import Home
from models.identity.actors import Staff
from models.tourism import guide_wire, search_term

KIND = "guide_exhibit"
LARGEST_NUMBER = 9999
MOST = 5_000
SCENE = "e="
"""Before the id: with its thirty characters a scene has thirty-two."""


class Exhibit(Document):
    """`code` is the file of the picture that WeChat made."""

    meta = {
        "collection": "exhibits",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["place", "number"], "unique": True},
            {"fields": ["place", "_id"]},
        ],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    number = IntField(required=True)
    unit = StringField(required=True)
    area = StringField()
    code = ObjectIdField()
    code_at = DateTimeField()


class GuideExhibit(Content):
    """What is told of an exhibit."""

    period_zh = text(60, "1934 年")
    origin_zh = text(120, "于都县征集")
    point = ma.fields.String(validate=validate.Regexp(ID), metadata={"description": "所在讲解点", "example": "museum"})


kind.register(KIND, "展品", GuideExhibit, follows=search_term.changed)


def create(actor: Staff, home: Home, number: int, content: Mapping[str, Any], *, own: str) -> dict[str, Any]:
    """Make an exhibit with its first text as a draft; return the content's item. The caller has checked the scope.

    Raises:
        ContentTaken: the place has this number already, or the id is taken.
        ContentWrong, MediaWrong: see `write.create`.
    """
    label = {"_id": own, "place": home.place, "number": number, "unit": home.unit, "area": home.area}
    return write.create(actor, KIND, own, home, content, also=lambda session: _insert(label, session))


def _insert(label: dict[str, Any], session: ClientSession) -> None:
    Exhibit._get_collection().insert_one(dict(label), session=session)


def seed(own: str, place: str, number: int, unit: str) -> None:
    """Put the label of an exhibit of the reference data; what is there is left alone."""
    told = {"place": place, "number": number, "unit": unit, "area": ""}
    Exhibit._get_collection().update_one({"_id": own}, {"$setOnInsert": told}, upsert=True)


def label(exhibit_id: str) -> dict[str, Any]:
    """Return number, place and code of an exhibit.

    Raises:
        NotFound: no such exhibit.
    """
    return documents.one(Exhibit, {"_id": exhibit_id})


def labels(place: str, *, after: str = "", most: int = MOST) -> list[dict[str, Any]]:
    """Return the labels of a place by id, those after one."""
    query = {"place": place, "_id": {"$gt": after}}
    return list(Exhibit._get_collection().find(query).sort("_id", 1).limit(most))


def keep_code(exhibit_id: str, file_id: ObjectId) -> bool:
    """Note the file of an exhibit's code; tell whether it is the first."""
    first = {"_id": exhibit_id, "code": {"$exists": False}}
    change = {"$set": {"code": file_id, "code_at": clock.now()}}
    return bool(Exhibit._get_collection().update_one(first, change).matched_count)


def read(exhibit_id: str) -> dict[str, Any]:
    """Return a published exhibit for the wire.

    Raises:
        NotFound: no such exhibit is shown.
    """
    shown = item.published(KIND, exhibit_id)
    if shown is None:
        raise NotFound
    extra = {name: shown[name] for name in ("period_zh", "origin_zh", "point") if shown.get(name)}
    return guide_wire.whole(shown) | extra | {"number": label(exhibit_id)["number"]}


def listed(place: str, number: int | None = None, after: int = 0) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the published exhibits of a place, by number from behind `after`, and where the next one begins.

    With a number that one, where it is shown. A page may hold fewer than the next one: some labels are not shown yet.
    """
    query = {"place": place, "number": {"$gt": after} if number is None else number}
    found = list(Exhibit._get_collection().find(query).sort("number", 1).limit(item.MOST_SHOWN + 1))
    numbers = {one["_id"]: one["number"] for one in found[: item.MOST_SHOWN]}
    shown = item.published_many(KIND, numbers)
    told = [guide_wire.brief(shown[one]) | {"number": at} for one, at in numbers.items() if one in shown]
    return told, str(found[item.MOST_SHOWN - 1]["number"]) if len(found) > item.MOST_SHOWN else None
