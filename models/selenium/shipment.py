"""A shipment: boxes, packages and loose produce that leave for one buyer on one day.

shipped ──received──▶ received      (final)
   └──withdrawn──▶ withdrawn        (final: everything is where it was before)
"""

import secrets
from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.codes import product_code
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents
from models.selenium.producer import Grower, theirs

COLLECTION = "selenium_shipments"
STATE_ZH = {"shipped": "运输中", "received": "已签收", "withdrawn": "已撤回"}
MOST_BOXES, MOST_PACKS, MOST_LOTS = 200, 50, 20
NOTE_NO = r"^[A-Za-z0-9-]{1,30}\Z"
_LONG = 10


class Shipment(Document):
    """`note_no` is the number of the delivery note, the shipment's own where the grower keeps none.

    `parties` is to whom it went, as events name them; `all_lots` also those inside the boxes.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["producer", "-created_at", "-_id"]},
            {"fields": ["buyer", "_id"]},
            {"fields": ["organisation", "-created_at", "-_id"]},
            {"fields": ["all_lots"]},
        ],
    }
    id = StringField(primary_key=True)
    producer = ObjectIdField(required=True)
    buyer = ObjectIdField(required=True)
    organisation = ObjectIdField()
    parties = ListField(StringField())
    boxes = ListField(StringField())
    packs = ListField(DictField())
    lots = ListField(DictField())
    all_lots = ListField(StringField())
    packages = ListField(StringField())
    note_no = StringField(required=True)
    shipped_on = StringField(required=True)
    received_on = StringField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "发货单",
        via=(("producer", "producers"),),
        traces=("shipped_on", "received_on", "created_by"),
        at_deletion="restrict",
        because="销售去向须依法留存,召回时据此通知买家(农产品质量安全法第二十七条、食品安全法第六十三条)。",
    )
)


class ShipmentWrong(Unprocessable):
    """422: nothing is shipped, or boxes and lots are none of the producer's, or named twice."""

    code = "shipment_wrong"
    zh = "请至少选择一箱、一批包装或一批散货,均须属于本生产主体,且不能重复。"
    en = "Choose boxes, packs or lots of this producer, at least one, each once."

    def __init__(self, field: str = "boxes") -> None:
        super().__init__(fields={field: [self.zh]})


class ShipmentMoved(Conflict):
    """409: the shipment was received or withdrawn."""

    code = "shipment_state"
    zh = "该发货单已签收或已撤回,不能这样操作;已签收的货物请与买家协商退货。"
    en = "This shipment was received or withdrawn."


def record(grower: Grower, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a shipment that is not stored yet."""
    number = "S" + "".join(secrets.choice(product_code.ALPHABET) for _ in range(_LONG))
    return {
        "_id": number,
        "producer": grower.producer_id,
        **told,
        "note_no": told["note_no"] or number,
        "state": "shipped",
        "created_at": clock.now(),
        "created_by": grower.actor_key,
    }


def insert(made: Mapping[str, Any], session: ClientSession) -> None:
    """Store a shipment within the transaction of its effect."""
    Shipment._get_collection().insert_one(dict(made), session=session)


def move(number: str, after: str, session: ClientSession, **told: Any) -> None:
    """Move a shipment that is under way.

    Raises:
        ShipmentMoved: it was received or withdrawn.
    """
    update = {"$set": {"state": after, **told}}
    guard = {"_id": number, "state": "shipped"}
    if not Shipment._get_collection().update_one(guard, update, session=session).matched_count:
        raise ShipmentMoved


def read(number: str) -> dict[str, Any]:
    """Return a shipment.

    Raises:
        NotFound: no such shipment.
    """
    return documents.one(Shipment, {"_id": number})


def own(grower: Grower, number: str) -> dict[str, Any]:
    """Return a shipment of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return theirs(grower, read(number))


def coming(organisation_id: ObjectId, number: str) -> dict[str, Any]:
    """Return a shipment to an organisation; one that was withdrawn is none.

    Raises:
        NotFound: none, or to somebody else.
    """
    found = read(number)
    if found.get("organisation") != organisation_id or found["state"] == "withdrawn":
        raise NotFound
    return found
