"""A product of the county, and how much of it a mu may yield: a dated table with its source, edited by staff.

When its seasons begin stands in a second dated table (`seasons`).

The ceiling bounds how many packages a producer may give codes to. It is a rule of the office and no forecast: a harvest
above it is not forbidden, but needs the office to raise the ceiling, with a source.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from mongoengine import BooleanField, Document, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, Unprocessable
from backend.store import documents, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff

COLLECTION = "selenium_products"
GROUP_ZH = {
    "rice": "稻米(谷物)",
    "bean": "豆类",
    "vegetable": "蔬菜",
    "fruit": "水果",
    "tea": "茶叶",
    "egg": "禽蛋",
    "meat": "畜禽肉",
    "fungi": "食用菌",
    "aquatic": "水产品",
    "dairy": "乳品",
    "processed": "加工食品",
}
"""The groups by which the standards state their figures."""
CODE = r"^[a-z][a-z0-9_]{1,39}\Z"
MOST_KG_PER_MU = 50_000
M2_PER_MU_NUMERATOR, M2_PER_MU_DENOMINATOR = 2000, 3
"""One mu is 2000/3 m²."""
GRAMS_PER_KG = 1000


class Product(Document):
    """`yields` are rows {valid_from, valid_to, kg_per_mu, source, demo}, oldest first, of which no two overlap.

    `seasons` are rows {valid_from, starts, source}, oldest first; each holds until the next.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["state", "_id"]}],
    }
    id = StringField(primary_key=True)
    name_zh = StringField(required=True)
    group = StringField(choices=tuple(GROUP_ZH), required=True)
    yields = ListField()
    seasons = ListField()
    facts = ListField(StringField())
    source = ListField()
    confidence = StringField()
    state = StringField(choices=("active", "retired"), required=True)
    kept = BooleanField()


class ProductUnknown(Unprocessable):
    """422: there is no such product."""

    code = "product_unknown"
    zh = "没有这个产品,请在产品目录中选择;目录中没有的,请联系县农业农村局添加。"
    en = "There is no such product. Choose one from the list, or ask the agricultural office to add it."

    def __init__(self, field: str = "product") -> None:
        super().__init__(fields={field: [self.zh]})


class ProductTaken(Conflict):
    """409: there is a product with this code."""

    code = "product_taken"
    zh = "产品代码已被使用,请换一个。"
    en = "The code of the product is taken. Choose another one."


class NoCeiling(Unprocessable):
    """422: the office has not set how much a mu of this product may yield."""

    code = "yield_ceiling_missing"
    zh = "该产品还没有单产上限,暂不能核发额度,请联系县农业农村局设定。"
    en = "The office has set no ceiling of the yield of this product. Ask it to set one."


class CeilingPast(Unprocessable):
    """422: the table is only changed from its last row on."""

    code = "yield_ceiling_past"
    zh = "生效日期不能早于上一条标准的生效日期;如需更正历史数据,请按新标准重新设定。"
    en = "The new ceiling cannot begin before the last one."

    def __init__(self) -> None:
        super().__init__(fields={"valid_from": [self.zh]})


@dataclass(frozen=True)
class Ceiling:
    """What a mu may yield, from when and by which source."""

    kg_per_mu: int
    source: str
    valid_from: date
    demo: bool = False


def read(product_id: str) -> dict[str, Any]:
    """Return a product.

    Raises:
        NotFound: no such product.
    """
    return documents.one(Product, {"_id": product_id})


def require(product_id: str, field: str = "product") -> dict[str, Any]:
    """Return a product that may be grown, packed and sold.

    Raises:
        ProductUnknown: there is none, or it is retired.
    """
    found = Product._get_collection().find_one({"_id": product_id, "state": "active"})
    if found is None:
        raise ProductUnknown(field)
    return found


def several(product_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return products by their codes."""
    if not product_ids:
        return {}
    found = Product._get_collection().find({"_id": {"$in": product_ids}})
    return {one["_id"]: one for one in found}


def listed(*, retired: bool = False) -> list[dict[str, Any]]:
    """Return all products by code; the list is bounded by what staff enter."""
    states = ["active", "retired"] if retired else ["active"]
    return list(Product._get_collection().find({"state": {"$in": states}}).sort("_id", 1))


def ceiling(found: dict[str, Any], day: date) -> dict[str, Any]:
    """Return the row of the yield table that holds on a day.

    Raises:
        NoCeiling: none does.
    """
    text = day.isoformat()
    for row in found.get("yields", []):
        if row["valid_from"] <= text and (row["valid_to"] is None or text <= row["valid_to"]):
            return row
    raise NoCeiling


def most_grams(area_m2: int, kg_per_mu: int) -> int:
    """Return how many grams an area may yield by a ceiling, rounded down."""
    return area_m2 * kg_per_mu * GRAMS_PER_KG * M2_PER_MU_DENOMINATOR // M2_PER_MU_NUMERATOR


def put(actor: Staff, product_id: str, name_zh: str, group: str, *, retired: bool = False) -> dict[str, Any]:
    """Make a product, or change its name, group and state; the same again writes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("product.edit")
    told = {"name_zh": name_zh, "group": group, "state": "retired" if retired else "active"}
    before = Product._get_collection().find_one({"_id": product_id}) or {}
    if all(before.get(name) == value for name, value in told.items()):
        return before
    line = entry.line(actor.key, "product.put", f"product:{product_id}", unit=actor.unit, **told)
    update = {"$set": told | {"kept": True}, "$setOnInsert": {"yields": [], "facts": [], "source": []}}

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        Product._get_collection().update_one({"_id": product_id}, update, upsert=True, session=session)
        entry.write(line, session)

    transactions.run(change)
    return read(product_id)


def set_ceiling(actor: Staff, product_id: str, wanted: Ceiling) -> dict[str, Any]:
    """Set what a mu may yield from a day on; the row before ends the day before, and stays for what it decided.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such product.
        CeilingPast: it begins before the last row does.
    """
    actor.require("product.edit")
    found = read(product_id)
    rows = with_ceiling(found["yields"], wanted)
    if rows == found["yields"]:
        return found
    day = wanted.valid_from.isoformat()
    line = entry.line(
        actor.key, "product.ceiling", f"product:{product_id}", unit=actor.unit, kg_per_mu=wanted.kg_per_mu, since=day
    )

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        guard = {"_id": product_id, "yields": found["yields"]}
        update = {"$set": {"yields": rows, "kept": True}}
        if not Product._get_collection().update_one(guard, update, session=session).matched_count:
            raise Conflict
        entry.write(line, session)

    transactions.run(change)
    return found | {"yields": rows}


def with_ceiling(rows: list[dict[str, Any]], wanted: Ceiling) -> list[dict[str, Any]]:
    """Return a yield table with another last row; one that begins on the same day takes the last one's place.

    Raises:
        CeilingPast: it begins before the last row does.
    """
    day = wanted.valid_from.isoformat()
    made = {"valid_from": day, "valid_to": None, "kg_per_mu": wanted.kg_per_mu, "source": wanted.source}
    made |= {"demo": True} if wanted.demo else {}
    kept = [dict(row) for row in rows]
    if kept and kept[-1]["valid_from"] > day:
        raise CeilingPast
    if kept and kept[-1]["valid_from"] == day:
        kept.pop()
    elif kept:
        kept[-1]["valid_to"] = date.fromordinal(wanted.valid_from.toordinal() - 1).isoformat()
    return [*kept, made]


def current_ceiling(found: dict[str, Any]) -> dict[str, Any] | None:
    """Return the row of today, None when the office has set none."""
    try:
        return ceiling(found, clock.today())
    except NoCeiling:
        return None
