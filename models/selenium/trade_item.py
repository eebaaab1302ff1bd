"""A trade item: what one package is. A producer's product in a net weight, with a GTIN where the firm has one.

A GTIN belongs to who holds its company prefix, so it is taken only from an organisation whose prefix the office has
registered; nobody gives codes to another firm's numbers.
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, IntField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, gtin, personal_data
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.identity import moving, organisation
from models.selenium import product
from models.selenium.producer import Grower

COLLECTION = "selenium_trade_items"
STATE_ZH = {"active": "在用", "retired": "已停用"}
MOST_GRAMS = 1_000_000


class TradeItem(Document):
    """`gtin` is 14 digits, and missing where there is none; net weight and product never change once it is made."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["producer", "_id"]},
            {"fields": ["gtin"], "unique": True, "partialFilterExpression": {"gtin": {"$exists": True}}},
        ],
    }
    producer = ObjectIdField(required=True)
    product = StringField(required=True)
    name_zh = StringField(required=True)
    net_grams = IntField(required=True)
    gtin = StringField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "销售规格",
        via=(("producer", "producers"),),
        traces=("created_by",),
        at_deletion="keep",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条);记录不含姓名和证号。",
    )
)


class GtinTaken(Conflict):
    """409: another trade item has this GTIN."""

    code = "gtin_taken"
    zh = "该商品条码已用于另一销售规格,请核对。"
    en = "This GTIN belongs to another trade item."


class GtinNotYours(Unprocessable):
    """422: the GTIN was not given out under the organisation's company prefix."""

    code = "gtin_not_yours"
    zh = "该商品条码不属于本单位的厂商识别代码;请持中国商品条码系统成员证书到县农业农村局登记厂商识别代码。"
    en = "This GTIN is not of your company prefix. Let the agricultural office register your prefix."

    def __init__(self) -> None:
        super().__init__(fields={"gtin": [self.zh]})


@dataclass(frozen=True)
class Told:
    """What a package is."""

    product: str
    name_zh: str
    net_grams: int
    gtin: str = ""


def create(grower: Grower, told: Told) -> dict[str, Any]:
    """Make a trade item of a producer.

    Raises:
        ProductUnknown: no such product.
        GtinWrong, GtinNotYours, GtinTaken: the number is none, another firm's, or another item's.
    """
    product.require(told.product)
    made: dict[str, Any] = {
        "_id": ObjectId(),
        "producer": grower.producer_id,
        "product": told.product,
        "name_zh": told.name_zh,
        "net_grams": told.net_grams,
        "state": "active",
        "created_at": clock.now(),
        "created_by": grower.actor_key,
    }
    if told.gtin:
        made["gtin"] = _own_gtin(grower, told.gtin)
    line = entry.line(grower.actor_key, "trade_item.create", f"trade_item:{made['_id']}", net_grams=told.net_grams)

    def change(session: ClientSession) -> None:
        try:
            TradeItem._get_collection().insert_one(made, session=session)
        except DuplicateKeyError:
            raise GtinTaken from None
        entry.write(line, session)

    transactions.run(change)
    return made


def _own_gtin(grower: Grower, text: str) -> str:
    number, owner = gtin.parse(text), grower.producer.get("organisation")
    prefix = organisation.read(owner).get("gtin_prefix", "") if owner else ""
    if not gtin.has_prefix(number, prefix):
        raise GtinNotYours
    return number


def retire(grower: Grower, item_id: ObjectId) -> dict[str, Any]:
    """End a trade item: no codes are issued for it any more; repeating it changes nothing.

    Raises:
        NotFound: no such trade item of the producer.
    """
    found = own(grower, item_id)
    line = entry.line(grower.actor_key, "trade_item.retire", f"trade_item:{item_id}")

    guard, update = {"_id": item_id, "state": "active"}, {"$set": {"state": "retired"}}
    return moving.move(TradeItem, guard, update, line) or found | {"state": "retired"}


def own(grower: Grower, item_id: ObjectId) -> dict[str, Any]:
    """Return a trade item of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return documents.one(TradeItem, {"_id": item_id, "producer": grower.producer_id})


def read(item_id: ObjectId) -> dict[str, Any]:
    """Return a trade item.

    Raises:
        NotFound: no such trade item.
    """
    return documents.one(TradeItem, {"_id": item_id})


def by_gtin(number: str) -> dict[str, Any] | None:
    """Return the trade item with a GTIN of 14 digits, None when none has it."""
    return TradeItem._get_collection().find_one({"gtin": number})


def several(item_ids: list[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return trade items by their ids."""
    if not item_ids:
        return {}
    return {one["_id"]: one for one in TradeItem._get_collection().find({"_id": {"$in": item_ids}})}
