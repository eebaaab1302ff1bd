"""A buyer: one line of a grower's address book, so that a recall finds who has the goods.

    kept ──removed by the grower──▶ removed      (no new shipments; what was sold to them stays known)

A person is a name and a phone, both sealed. An organisation has its credit code too, and is linked with what the
county has registered under that code, whose people then read the events of what they got.
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, credit_code, personal_data, runtime
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding, Sealed
from backend.store import transactions
from models.audit import entry
from models.identity import organisation
from models.selenium import producer, uri
from models.selenium.producer import Grower

COLLECTION = "selenium_buyers"
KIND_ZH = {"person": "个人", "organisation": "单位"}
STATE_ZH = {"kept": "在用", "removed": "已移除"}


class Buyer(Document):
    """`organisation` is the registered one with the credit code, where there is one."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["producer", "_id"]},
            {"fields": ["organisation"], "sparse": True},
            {
                "fields": ["producer", "credit_code"],
                "unique": True,
                "partialFilterExpression": {"credit_code": {"$exists": True}, "state": "kept"},
            },
            {"fields": ["key"], "unique": True, "partialFilterExpression": {"key": {"$exists": True}}},
        ],
    }
    producer = ObjectIdField(required=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    name = BinaryField(required=True)
    phone = BinaryField()
    credit_code = StringField()
    organisation = ObjectIdField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    key = StringField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "买家通讯录",
        via=(("producer", "producers"),),
        sealed=(Sealed("name"), Sealed("phone")),
        traces=("created_by",),
        at_deletion="restrict",
        because="销售去向须依法留存,召回时据此通知买家(农产品质量安全法第二十七条、食品安全法第六十三条)。",
    )
)


class BuyerKnown(Conflict):
    """409: the address book has an organisation with this code."""

    code = "buyer_known"
    zh = "通讯录里已有这个单位,请直接选用。"
    en = "Your address book has this organisation already."


class BuyerWrong(Unprocessable):
    """422: there is no such buyer in the address book."""

    code = "buyer_unknown"
    zh = "通讯录里没有这个买家,请先添加。"
    en = "Your address book has no such buyer. Add them first."

    def __init__(self) -> None:
        super().__init__(fields={"buyer": [self.zh]})


@dataclass(frozen=True)
class Told:
    """What a grower says of a buyer; a code makes it an organisation."""

    name: str
    phone: str = ""
    credit_code: str = ""


def add(grower: Grower, told: Told, key: str = "") -> dict[str, Any]:
    """Add a buyer to the address book; the same request again gives the same buyer.

    Raises:
        CreditCodeWrong: the code has a wrong form or check character.
        BuyerKnown: the address book has the organisation.
    """
    if key and (again := Buyer._get_collection().find_one({"key": key})):
        return again
    new_id = ObjectId()
    made = {
        "_id": new_id,
        "producer": grower.producer_id,
        **_fields(new_id, told),
        "state": "kept",
        "created_at": clock.now(),
        "created_by": grower.actor_key,
    }
    made |= {"key": key} if key else {}
    line = entry.line(grower.actor_key, "buyer.add", f"buyer:{new_id}", unit=grower.unit, kind=made["kind"])

    def change(session: ClientSession) -> None:
        Buyer._get_collection().insert_one(dict(made), session=session)
        entry.write(dict(line), session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        if key and (again := Buyer._get_collection().find_one({"key": key})):
            return again
        raise BuyerKnown from None
    return made


def _fields(buyer_id: ObjectId, told: Told) -> dict[str, Any]:
    sealer = runtime.current().sealer
    found: dict[str, Any] = {"kind": "organisation" if told.credit_code else "person"}
    found["name"] = sealer.seal(f"{COLLECTION}.name", buyer_id, told.name)
    if told.phone:
        found["phone"] = sealer.seal(f"{COLLECTION}.phone", buyer_id, told.phone)
    if told.credit_code:
        found["credit_code"] = credit_code.parse(told.credit_code)
        if registered := organisation.by_code(found["credit_code"]):
            found["organisation"] = registered["_id"]
    return found


def change(grower: Grower, buyer_id: ObjectId, told: Told) -> dict[str, Any]:
    """Write a line of the address book anew.

    Raises:
        NotFound: no such buyer of the producer.
        CreditCodeWrong, BuyerKnown: the code is wrong, or another buyer has it.
    """
    own(grower, buyer_id)
    fields = _fields(buyer_id, told)
    gone = {name: "" for name in ("phone", "credit_code", "organisation") if name not in fields}
    update = {"$set": fields} | ({"$unset": gone} if gone else {})
    return _changed(grower, buyer_id, "buyer.change", update)


def remove(grower: Grower, buyer_id: ObjectId) -> dict[str, Any]:
    """Take a buyer out of the address book; repeating it changes nothing.

    Raises:
        NotFound: no such buyer of the producer.
    """
    found = read_own(grower, buyer_id)
    if found["state"] == "removed":
        return found
    return _changed(grower, buyer_id, "buyer.remove", {"$set": {"state": "removed"}})


def _changed(grower: Grower, buyer_id: ObjectId, verb: str, update: dict[str, Any]) -> dict[str, Any]:
    line = entry.line(grower.actor_key, verb, f"buyer:{buyer_id}", unit=grower.unit)

    def carry_out(session: ClientSession) -> dict[str, Any]:
        guard = {"_id": buyer_id, "state": "kept"}
        try:
            moved = Buyer._get_collection().find_one_and_update(
                guard, update, session=session, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            raise BuyerKnown from None
        if moved is None:
            raise NotFound
        entry.write(dict(line), session)
        return moved

    return transactions.run(carry_out)


def own(grower: Grower, buyer_id: ObjectId) -> dict[str, Any]:
    """Return a buyer who stands in the producer's address book.

    Raises:
        NotFound: none, removed, or another producer's.
    """
    found = read_own(grower, buyer_id)
    if found["state"] != "kept":
        raise NotFound
    return found


def read_own(grower: Grower, buyer_id: ObjectId) -> dict[str, Any]:
    """Return a buyer of the producer, a removed one too.

    Raises:
        NotFound: none, or another producer's.
    """
    found = Buyer._get_collection().find_one({"_id": buyer_id})
    if found is None or found["producer"] != grower.producer_id:
        raise NotFound
    return found


def named(grower: Grower, buyer_id: ObjectId) -> dict[str, Any]:
    """Return the buyer whom a form names.

    Raises:
        BuyerWrong: the address book has none.
    """
    try:
        return own(grower, buyer_id)
    except NotFound:
        raise BuyerWrong from None


def several(buyer_ids: list[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return buyers by their ids."""
    return {one["_id"]: one for one in Buyer._get_collection().find({"_id": {"$in": buyer_ids}})} if buyer_ids else {}


def name_of(found: dict[str, Any]) -> str:
    """Return the name of a buyer."""
    return runtime.current().sealer.open(f"{COLLECTION}.name", found["_id"], found["name"])


def phone_of(found: dict[str, Any]) -> str:
    """Return the phone of a buyer, empty where none is known."""
    if "phone" not in found:
        return ""
    return runtime.current().sealer.open(f"{COLLECTION}.phone", found["_id"], found["phone"])


def parties(found: dict[str, Any]) -> list[str]:
    """Return the parties that a buyer is in events: the line of the address book, then the organisation behind it.

    An organisation that grows reads events as its producer, another one as itself.
    """
    told = [uri.party(found["_id"])]
    if behind := found.get("organisation"):
        grows = producer.Producer._get_collection().find_one({"organisation": behind}, {"_id": 1})
        told.append(uri.party(grows["_id"] if grows else behind))
    return told
