"""How much a producer may put codes on: by product and season, what confirmed plots may yield at most.

The ceiling is area times yield, by the table that holds on the day of the order; what was issued is counted in grams
of net weight, in one guarded update, so that orders at once never exceed it.
"""

from typing import Any

from bson import ObjectId
from mongoengine import Document, LongField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from models.selenium import plot

COLLECTION = "selenium_code_quotas"
GRAMS_PER_KG = 1000


class CodeQuota(Document):
    """The id reads producer, product and season; `ceiling_grams` is what held at the last order."""

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": [{"fields": ["producer", "_id"]}]}
    id = StringField(primary_key=True)
    producer = ObjectIdField(required=True)
    product = StringField(required=True)
    season = StringField(required=True)
    issued_grams = LongField(required=True)
    ceiling_grams = LongField()


personal_data.declare(
    Holding(
        COLLECTION,
        "发码额度",
        via=(("producer", "producers"),),
        at_deletion="restrict",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条)。",
    )
)


class QuotaExceeded(Conflict):
    """409: more was asked for than confirmed plots may yield."""

    code = "code_quota_exceeded"
    zh = "超出发码额度:本季还可发 {left_kg} 公斤。请减少数量;面积有误的,请申请核实地块。"
    en = "Above the quota: codes for {left_kg} kg are left this season. Order fewer, or have your plots confirmed."


def key(producer_id: ObjectId, product_id: str, season: str) -> str:
    """Return the id of a quota."""
    return f"{producer_id}:{product_id}:{season}"


def opened(producer_id: ObjectId, product_id: str, season: str) -> tuple[str, int]:
    """Return id and present ceiling of a quota, which is made when it is missing.

    Raises:
        NotFound: no such product.
        NoCeiling: the office has set no ceiling.
    """
    ceiling, quota_id = plot.ceiling_grams(producer_id, product_id, clock.today()), key(producer_id, product_id, season)
    told = {"producer": producer_id, "product": product_id, "season": season, "issued_grams": 0}
    CodeQuota._get_collection().update_one({"_id": quota_id}, {"$setOnInsert": told}, upsert=True)
    return quota_id, ceiling


def take(quota_id: str, grams: int, ceiling: int, session: ClientSession | None = None) -> int:
    """Count grams as issued and return how many are left; one guarded update decides.

    Raises:
        QuotaExceeded: fewer are left.
    """
    quotas = CodeQuota._get_collection()
    found = quotas.find_one_and_update(
        {"_id": quota_id, "issued_grams": {"$lte": ceiling - grams}},
        {"$inc": {"issued_grams": grams}, "$set": {"ceiling_grams": ceiling}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if found is None:
        there = quotas.find_one({"_id": quota_id}, session=session) or {"issued_grams": 0}
        raise QuotaExceeded(left_kg=f"{max(0, ceiling - there['issued_grams']) / GRAMS_PER_KG:g}")
    return int(ceiling - found["issued_grams"])


def give_back(quota_id: str, grams: int, session: ClientSession) -> None:
    """Give back what `take` counted, in the transaction that makes the codes void."""
    CodeQuota._get_collection().update_one({"_id": quota_id}, {"$inc": {"issued_grams": -grams}}, session=session)


def shown(producer_id: ObjectId, product_id: str, season: str) -> dict[str, Any]:
    """Return ceiling, issued and left grams of a product and season.

    Raises:
        NotFound: no such product.
        NoCeiling: the office has set no ceiling.
    """
    ceiling = plot.ceiling_grams(producer_id, product_id, clock.today())
    found = CodeQuota._get_collection().find_one({"_id": key(producer_id, product_id, season)})
    issued = found["issued_grams"] if found else 0
    told = {"product": product_id, "season": season, "ceiling_grams": ceiling, "issued_grams": issued}
    return told | {"left_grams": max(0, ceiling - issued)}
