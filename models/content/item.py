"""An item of published content: its open revision on the way through the reviews, and what is shown.

    draft ─▶ first_review ─▶ second_review ─▶ final_review ─▶ approved ─publish─▶ (open ends, `live` has it)
      ▲           │                │               │             │
    returned ◀────┴────────────────┴───────────────┴─────────────┘   sent back: a further revision begins again

One document decides each step, so that two who act at the same time are one after the other. `live` holds what is
shown, and behind it at most one revision that will replace it; who reads takes the last that has begun. Nothing is
cached and no job switches: a write shows at once, and a moment that was set needs nobody to come true.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import NotFound
from backend.personal_data import Holding, declare
from backend.store import documents
from models.content import kind
from models.content.errors import ContentStateWrong, OwnContent, RevisionStale
from models.identity.actors import Staff

COLLECTION = "content_items"
outbox.carried_by(COLLECTION)
NEXT = {
    "draft": "first_review",
    "first_review": "second_review",
    "second_review": "final_review",
    "final_review": "approved",
}
OPERATIONS = {
    "first_review": "content.review_first",
    "second_review": "content.review_second",
    "final_review": "content.review_final",
    "approved": "content.publish",
}
"""Who may pass a revision on, or send it back, by the step in which it is."""
WRITABLE = ("draft", "returned")
MOST_SHOWN = 500


class ContentItem(Document):
    """The id is `<kind>:<id>`. `revision` numbers the last one.

    `open` names a revision, its state, its authors since the last publication and who has passed it. Each element of
    `live` has the content of a revision, from when and until when it is shown, and where it lies (GeoJSON, WGS-84).
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["kind", "_id"]},
            {"fields": ["unit", "_id"]},
            {"fields": ["place", "kind"], "sparse": True},
            {"fields": ["open.state", "_id"], "sparse": True},
            {"fields": ["(live.where"]},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    kind = StringField(required=True)
    title_zh = StringField(required=True)
    unit = StringField(required=True)
    area = StringField()
    place = StringField()
    revision = IntField(required=True)
    open = DictField()
    live = ListField(DictField())
    outbox = ListField(DictField())
    at = DateTimeField(required=True)


declare(
    Holding(
        COLLECTION,
        "公开内容",
        staff=("open.authors", "open.reviewers", "live.by"),
        at_deletion="keep",
        because="网络出版的内容须可追溯到责任人;内容是县里公开发布的文字,不含个人信息",
    )
)


def item_id(kind_name: str, own: str) -> str:
    """Return the id of an item of a kind by the id that it has there."""
    return f"{kind_name}:{own}"


def read(item: str, session: ClientSession | None = None) -> dict[str, Any]:
    """Return an item.

    Raises:
        NotFound: no such item.
    """
    return documents.one(ContentItem, {"_id": item}, session=session)


def reach(actor: Staff, operation: str, item: str) -> dict[str, Any]:
    """Return an item within the actor's scope for an operation.

    Raises:
        NotAllowed: no role of the actor holds it.
        NotFound: no such item within the scope.
    """
    actor.require(operation)
    found = read(item)
    if not actor.covers(operation, unit=found["unit"], area=found.get("area") or ""):
        raise NotFound
    return found


def state_of(found: Mapping[str, Any], now: datetime) -> str:
    """Return the state of an item in one word: that of its open revision, else of what is published."""
    if found.get("open"):
        return str(found["open"]["state"])
    if _effective(found, now):
        return "published"
    return "scheduled" if any(one["from"] > now for one in found.get("live", [])) else "withdrawn"


def move(
    item: str,
    *,
    revision: int,
    states: Iterable[str],
    change: Mapping[str, Any],
    session: ClientSession,
    reviewer: ObjectId | None = None,
) -> dict[str, Any]:
    """Change an item whose open revision has this number and one of these states; return it.

    A `reviewer` must not have written it since the last publication, nor passed it before.

    Raises:
        NotFound, RevisionStale, ContentStateWrong, OwnContent: why not.
    """
    guard: dict[str, Any] = {"_id": item, "open.revision": revision, "open.state": {"$in": sorted(states)}}
    if reviewer:
        guard |= {"open.authors": {"$ne": reviewer}, "open.reviewers": {"$ne": reviewer}}
    moved = ContentItem._get_collection().find_one_and_update(
        guard, change, return_document=ReturnDocument.AFTER, session=session
    )
    if moved is None:
        raise _refused(read(item, session), revision, set(states))
    return dict(moved)


def _refused(found: Mapping[str, Any], revision: int, states: set[str]) -> Exception:
    now_open = found.get("open") or {}
    if now_open.get("revision", found["revision"]) != revision:
        return RevisionStale(revision=found["revision"])
    state = state_of(found, clock.now())
    return OwnContent() if state in states else ContentStateWrong(state)


# What is shown


def _effective(found: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    begun = [one for one in found.get("live", []) if one["from"] <= now]
    last = begun[-1] if begun else None
    return last if last and (last.get("to") is None or now < last["to"]) else None


def shown(found: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """Return what an item shows at a moment, with the content's own names; None when it shows nothing."""
    one = _effective(found, now)
    if one is None:
        return None
    told = {name: found[name] for name in ("place", "unit", "area") if found.get(name)}
    own = {"id": found["_id"].partition(":")[2], "kind": found["kind"], "revision": one["revision"]}
    meta = {"published_at": one["published_at"], "imported": bool(one.get("imported"))}
    return {**one["content"], **told, **own, **meta}


def published(kind_name: str, own: str) -> dict[str, Any] | None:
    """Return the fields that an item shows, with id, kind, revision, place and unit; None when it shows nothing."""
    found = ContentItem._get_collection().find_one({"_id": item_id(kind_name, own)})
    return shown(found, clock.now()) if found else None


def published_many(kind_name: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return by id what items show; what is not shown is left out."""
    wanted = {"_id": {"$in": [item_id(kind_name, one) for one in ids]}}
    return {one["id"]: one for one in _each_shown(wanted)}


def published_all(
    kind_name: str, *, place: str | None = None, after: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return what items of a kind show, or those of a place, by id from behind `after`; and where the next page begins.

    The next page is told by the id of an item that is shown, so it says nothing of those that are not.
    """
    behind = {"_id": {"$gt": item_id(kind_name, after)}} if after else {}
    query = {"kind": kind_name, **({"place": place} if place else {}), **behind}
    found = list(islice(_each_shown(query), MOST_SHOWN + 1))
    return found[:MOST_SHOWN], found[MOST_SHOWN - 1]["id"] if len(found) > MOST_SHOWN else None


def published_each(kind_name: str) -> Iterator[dict[str, Any]]:
    """Yield what all items of a kind show, however many there are, by id."""
    return _each_shown({"kind": kind_name})


def published_near(kind_name: str, lon: float, lat: float, *, most_m: float, limit: int) -> list[dict[str, Any]]:
    """Return what items show within `most_m` metres of a position (WGS-84), nearest first."""
    point = {"type": "Point", "coordinates": [lon, lat]}
    near = {"live.where": {"$nearSphere": {"$geometry": point, "$maxDistance": most_m}}, "kind": kind_name}
    now = clock.now()
    found = ContentItem._get_collection().find(near).batch_size(limit)
    return list(islice((told for one in found if (told := shown(one, now))), limit))


def _each_shown(query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    now = clock.now()
    found = ContentItem._get_collection().find(query).sort("_id", 1)
    return (told for one in found if (told := shown(one, now)))


def live_entry(kind_name: str, content: Mapping[str, Any], **told: Any) -> dict[str, Any]:
    """Return an element of `live`; a kind that says where its content lies makes it found by position."""
    where = kind.get(kind_name).position(content)
    placed = {"where": {"type": "Point", "coordinates": list(where)}} if where else {}
    return {"content": dict(content), **placed, **told}


def followed_by(kind_name: str, item_name: str, moments: Iterable[datetime]) -> list[dict[str, Any]]:
    """Return what an item carries in its `outbox` when what it shows changes at these moments."""
    follows, own = kind.get(kind_name).follows, item_name.partition(":")[2]
    return [follows(kind_name, own, one) for one in moments] if follows else []


def wake(entries: Iterable[Mapping[str, Any]]) -> None:
    """Wake the queues of entries once they are stored."""
    for queue in {one["queue"] for one in entries}:
        outbox.wake(queue)


def titles(items: Iterable[str]) -> dict[str, str]:
    """Return the titles of items, for what is printed about them."""
    found = ContentItem._get_collection().find({"_id": {"$in": list(items)}}, {"title_zh": 1})
    return {one["_id"]: one["title_zh"] for one in found}
