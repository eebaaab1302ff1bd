"""A box: packages of one or several packs that travel together.

packed ──shipment──▶ shipped ──received──▶ received      (final)
  │  ◀──shipment withdrawn──┘
  └──opened──▶ opened                                    (final: a box that is filled again is another one)
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mongoengine import DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.codes import product_code
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding
from backend.store import documents
from models.selenium import pack
from models.selenium.producer import Grower, theirs

COLLECTION = "selenium_boxes"
STATE_ZH = {"packed": "已装箱", "shipped": "已发货", "received": "已签收", "opened": "已拆箱"}
MOST_CONTENTS = 50
_LONG = 10


class Box(Document):
    """`contents` has pack, its URI and lot, how many packages, and their labels from `first` to `last` where told."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["producer", "-created_at", "-_id"]},
            {"fields": ["contents.pack"]},
            {"fields": ["contents.lot"]},
            {"fields": ["shipment"], "sparse": True},
        ],
    }
    id = StringField(primary_key=True)
    producer = ObjectIdField(required=True)
    contents = ListField(DictField())
    packed_on = StringField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    shipment = StringField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "箱(包装的装箱)",
        via=(("producer", "producers"),),
        traces=("packed_on", "created_by"),
        at_deletion="keep",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条);记录不含姓名和证号。",
    )
)


class ContentsWrong(Unprocessable):
    """422: these packages are none of the producer's, or not on these labels."""

    code = "box_contents_wrong"
    zh = "请选择本生产主体的包装批,件数和标签编号须在该包装批之内,同一标签不能重复。"
    en = "Choose packs of this producer, and numbers or labels within them, each label once."

    def __init__(self) -> None:
        super().__init__(fields={"packs": [self.zh]})


class BoxMoved(Conflict):
    """409: the box is in a state that does not allow this."""

    code = "box_state"
    zh = "该箱已发货、签收或拆箱,不能这样操作,请刷新后再试。"
    en = "This box is shipped, received or opened. Refresh and try again."


def contents(grower: Grower, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return packages as boxes and shipments hold them; `wanted` has `pack` and `count`, or `first` and `last`.

    Raises:
        ContentsWrong: a pack is another's, or has no such packages.
    """
    packs = pack.several([one["pack"] for one in wanted])
    if any(one["producer"] != grower.producer_id for one in packs.values()):
        raise ContentsWrong
    named = pack.uris(list(packs.values()))
    return [_part(one, packs.get(one["pack"]), named) for one in wanted]


def _part(wanted: Mapping[str, Any], found: Mapping[str, Any] | None, named: Mapping[str, str]) -> dict[str, Any]:
    if found is None:
        raise ContentsWrong
    told = {"pack": found["_id"], "uri": named[found["_id"]], "lot": found["lot"], "size": pack.size(found)}
    labelled = "first" in wanted or "last" in wanted
    if labelled:
        first, last = wanted.get("first", 0), wanted.get("last", 0)
        if not found["first"] <= first <= last <= found["last"]:
            raise ContentsWrong
        told |= {"first": first, "last": last, "count": last - first + 1}
    else:
        told["count"] = wanted.get("count", 0)
    if not 1 <= told["count"] <= told["size"] or wanted.get("count", told["count"]) != told["count"]:
        raise ContentsWrong
    return told


def filled(grower: Grower, parts: Sequence[Mapping[str, Any]], day: str) -> dict[str, Any]:
    """Return a box that is not stored yet."""
    return {
        "_id": "B" + "".join(secrets.choice(product_code.ALPHABET) for _ in range(_LONG)),
        "producer": grower.producer_id,
        "contents": list(parts),
        "packed_on": day,
        "state": "packed",
        "created_at": clock.now(),
        "created_by": grower.actor_key,
    }


def insert(made: Mapping[str, Any], session: ClientSession) -> None:
    """Store a box within the transaction that fills it."""
    Box._get_collection().insert_one(dict(made), session=session)


def move(numbers: Sequence[str], before: str, after: str, session: ClientSession, shipment: str | None = None) -> None:
    """Move boxes between two states, all or none; a `shipment` is noted when they leave and forgotten when they return.

    Raises:
        BoxMoved: one of them is in another state.
    """
    update: dict[str, Any] = {"$set": {"state": after}}
    guard: dict[str, Any] = {"_id": {"$in": list(numbers)}, "state": before}
    if after == "shipped":
        update = {"$set": {"state": after, "shipment": shipment}}
    elif before == "shipped":
        guard |= {"shipment": shipment}
        update |= {"$unset": {"shipment": ""}} if after == "packed" else {}
    if Box._get_collection().update_many(guard, update, session=session).matched_count < len(numbers):
        raise BoxMoved


def read(number: str) -> dict[str, Any]:
    """Return a box.

    Raises:
        NotFound: no such box.
    """
    return documents.one(Box, {"_id": number})


def own(grower: Grower, number: str) -> dict[str, Any]:
    """Return a box of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return theirs(grower, read(number))


def several(numbers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return boxes by their numbers."""
    return {one["_id"]: one for one in Box._get_collection().find({"_id": {"$in": list(numbers)}})}
