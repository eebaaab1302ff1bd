"""A plot: where a producer grows what, and how large it is.

    declared ──confirmed by the town's agricultural office──▶ confirmed ──given up──▶ ended
        │  ◀──────────────changed by the producer──────────────┘             ▲
        └──refused──▶ refused (changed by the producer: declared again)      │
        └─────────────────────────────────────────────────────given up───────┘

Only a confirmed area counts for the quota of codes, and only as large as the office confirmed it. Area is kept in whole
square metres; a mu is 2000/3 of them.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from models.audit import entry
from models.identity import moving
from models.identity.actors import Staff
from models.selenium import product
from models.selenium.producer import Grower, reaches, village

COLLECTION = "selenium_plots"
STATE_ZH = {"declared": "待核实", "confirmed": "已核实", "refused": "未通过核实", "ended": "已停用"}
REASON_ZH = {
    "area_wrong": "面积与实际不符",
    "not_found": "未找到该地块",
    "not_yours": "承包或流转手续不齐",
    "product_wrong": "种植品种与申报不符",
}
EVIDENCE_ZH = {
    "contract": "土地承包经营权证(合同)",
    "lease": "土地流转合同",
    "measured": "现场测量",
    "register": "不动产登记",
}
MOST_MU = Decimal(100_000)
MOST_PLOTS = 200
"""Of one producer: a co-operative registers what it grows on, not each member's terrace."""
_M2_PER_MU = Decimal(2000) / 3


class Plot(Document):
    """`area_m2` is what the producer declared, `confirmed_m2` what the office found; `village` a division code.

    What a grower calls a plot is free text, which may name a family: it is sealed.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["producer", "_id"]}, {"fields": ["state", "village", "_id"]}],
    }
    producer = ObjectIdField(required=True)
    name = BinaryField(required=True)
    village = StringField(required=True)
    village_zh = StringField(required=True)
    area_m2 = IntField(required=True)
    confirmed_m2 = IntField()
    products = ListField(StringField(), required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    reason = StringField()
    evidence = StringField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)
    confirmed_at = DateTimeField()
    confirmed_by = StringField()


personal_data.declare(
    Holding(
        COLLECTION,
        "申报的地块",
        via=(("producer", "producers"),),
        sealed=(Sealed("name"),),
        traces=("village", "village_zh", "area_m2", "created_by"),
        at_deletion="restrict",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条)。",
    )
)


class AreaWrong(Unprocessable):
    """422: this is no area of a plot."""

    code = "plot_area_wrong"
    zh = "面积应大于 0、不超过 100000 亩。"
    en = "The area must be above 0 and at most 100000 mu."

    def __init__(self) -> None:
        super().__init__(fields={"area_mu": [self.zh]})


class TooManyPlots(Unprocessable):
    """422: the producer has as many plots as one may register."""

    code = "too_many_plots"
    zh = "一个生产主体最多登记 200 个地块,请合并相邻地块或停用不再使用的地块。"
    en = "A producer registers at most 200 plots. Merge some, or end those not in use."


class PlotChanged(Conflict):
    """409: the plot is in another state, or was changed meanwhile."""

    code = "plot_changed"
    zh = "该地块刚被修改、核实或停用,请刷新后再办理。"
    en = "This plot was changed a moment ago. Refresh and try again."


@dataclass(frozen=True)
class Told:
    """What a producer says of a plot; `area_m2` comes from `square_metres`."""

    name: str
    village: str
    area_m2: int
    products: tuple[str, ...]


def square_metres(mu: str) -> int:
    """Return an area in mu, written with two decimals at most, as whole square metres.

    Raises:
        AreaWrong: it is nothing, or too large.
    """
    area = Decimal(mu)
    if not 0 < area <= MOST_MU:
        raise AreaWrong
    return int((area * _M2_PER_MU).to_integral_value(ROUND_HALF_UP))


def in_mu(area_m2: int) -> str:
    """Return an area in mu with two decimals."""
    return str((Decimal(area_m2) / _M2_PER_MU).quantize(Decimal("0.01"), ROUND_HALF_UP))


def declare(grower: Grower, told: Told) -> dict[str, Any]:
    """Register a plot; the town's agricultural office is to confirm it.

    Raises:
        ProductUnknown, VillageUnknown: no such product, no such village.
        TooManyPlots: the producer has as many as one may.
    """
    home = _checked(told)
    mine = Plot._get_collection().find({"producer": grower.producer_id, "state": {"$ne": "ended"}}, {"_id": 1})
    if len(list(mine.limit(MOST_PLOTS))) == MOST_PLOTS:
        raise TooManyPlots
    new_id = ObjectId()
    made = {
        "_id": new_id,
        "producer": grower.producer_id,
        "name": sealed_name(new_id, told.name),
        **_fields(told, home),
        "state": "declared",
        "created_at": clock.now(),
        "created_by": grower.actor_key,
    }
    line = entry.line(grower.actor_key, "plot.declare", f"plot:{made['_id']}", area_m2=told.area_m2)

    def change(session: ClientSession) -> None:
        Plot._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    transactions.run(change)
    return made


def _checked(told: Told) -> dict[str, Any]:
    for one in told.products:
        product.require(one, "products")
    return village(told.village)


def _fields(told: Told, home: dict[str, Any]) -> dict[str, Any]:
    return {**home, "area_m2": told.area_m2, "products": sorted(set(told.products))}


def change(grower: Grower, plot_id: ObjectId, told: Told) -> dict[str, Any]:
    """Change a plot; another place, area or product has to be confirmed again, another name has not.

    Raises:
        NotFound: no such plot of the producer.
        ProductUnknown, VillageUnknown: no such product, no such village.
        PlotChanged: it was ended or changed meanwhile.
    """
    found = own(grower, plot_id)
    fields = _fields(told, _checked(told))
    anew = any(found[name] != value for name, value in fields.items())
    if not anew and name_of(found) == told.name:
        return found
    fields["name"] = sealed_name(plot_id, told.name)
    update: dict[str, Any] = {"$set": fields}
    if anew:
        update = {"$set": fields | {"state": "declared"}, "$unset": dict.fromkeys(_CONFIRMATION, "")}
    line = entry.line(grower.actor_key, "plot.change", f"plot:{plot_id}", area_m2=told.area_m2)
    guard = {name: found[name] for name in ("_id", "state", "name", "village", "area_m2", "products")}
    return _changed(guard, update, line)


def sealed_name(plot_id: ObjectId, name: str) -> bytes:
    """Return the name of a plot as it is kept."""
    return runtime.current().sealer.seal(f"{COLLECTION}.name", plot_id, name)


def name_of(found: dict[str, Any]) -> str:
    """Return what the producer calls a plot."""
    return runtime.current().sealer.open(f"{COLLECTION}.name", found["_id"], found["name"])


_CONFIRMATION = ("confirmed_m2", "confirmed_at", "confirmed_by", "reason", "evidence")


def end(grower: Grower, plot_id: ObjectId) -> dict[str, Any]:
    """Give a plot up: nothing new is harvested from it; repeating it changes nothing.

    Raises:
        NotFound: no such plot of the producer.
        PlotChanged: it was changed meanwhile.
    """
    found = own(grower, plot_id)
    if found["state"] == "ended":
        return found
    line = entry.line(grower.actor_key, "plot.end", f"plot:{plot_id}")
    return _changed({"_id": plot_id, "state": found["state"]}, {"$set": {"state": "ended"}}, line)


def confirm(actor: Staff, plot_id: ObjectId, confirmed_m2: int, evidence: str) -> dict[str, Any]:
    """Confirm a plot with the area that the office found, and what shows it; the same again changes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such plot in the actor's area.
        PlotChanged: it waits for no confirmation, or was changed meanwhile.
    """
    found = in_reach(actor, "plot.confirm", plot_id)
    told = {"state": "confirmed", "confirmed_m2": confirmed_m2, "evidence": evidence}
    if all(found.get(name) == value for name, value in told.items()):
        return found
    return _decided(actor, found, "confirm", told, confirmed_m2=confirmed_m2, evidence=evidence)


def refuse(actor: Staff, plot_id: ObjectId, reason: str) -> dict[str, Any]:
    """Refuse to confirm a plot, with the reason; the producer may change it. The same again changes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such plot in the actor's area.
        PlotChanged: it waits for no confirmation, or was changed meanwhile.
    """
    found = in_reach(actor, "plot.confirm", plot_id)
    if (found["state"], found.get("reason")) == ("refused", reason):
        return found
    return _decided(actor, found, "refuse", {"state": "refused", "reason": reason}, reason=reason)


def _decided(actor: Staff, found: dict[str, Any], verb: str, told: dict[str, Any], **details: Any) -> dict[str, Any]:
    """Decide on what was read: a plot that the producer changed meanwhile is another one."""
    line = entry.line(actor.key, f"plot.{verb}", f"plot:{found['_id']}", unit=actor.unit, **details)
    told |= {"confirmed_at": line["at"], "confirmed_by": actor.key}
    guard = {"_id": found["_id"], "state": "declared"}
    guard |= {name: found[name] for name in ("village", "area_m2", "products")}
    return _changed(guard, {"$set": told}, line, actor)


def _changed(
    guard: dict[str, Any], update: dict[str, Any], line: dict[str, Any], actor: Staff | None = None
) -> dict[str, Any]:
    if (changed := moving.move(Plot, guard, update, line, actor)) is None:
        raise PlotChanged
    return changed


def own(grower: Grower, plot_id: ObjectId) -> dict[str, Any]:
    """Return a plot of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return documents.one(Plot, {"_id": plot_id, "producer": grower.producer_id})


def in_reach(actor: Staff, operation: str, plot_id: ObjectId) -> dict[str, Any]:
    """Return a plot that `operation` of the actor reaches by its village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such plot, or outside the actor's area.
    """
    actor.require(operation)
    found = Plot._get_collection().find_one({"_id": plot_id})
    if found is None or not reaches(actor, operation, found["village"]):
        raise NotFound
    return found


def several(plot_ids: list[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return plots by their ids."""
    if not plot_ids:
        return {}
    return {one["_id"]: one for one in Plot._get_collection().find({"_id": {"$in": plot_ids}})}


def confirmed_area(producer_id: ObjectId, product_id: str, session: ClientSession | None = None) -> int:
    """Return on how many confirmed square metres a producer grows a product: what the quota of codes counts."""
    query = {"producer": producer_id, "state": "confirmed"}
    found = Plot._get_collection().find(query, {"products": 1, "confirmed_m2": 1}, session=session)
    return sum(one["confirmed_m2"] for one in found if product_id in one["products"])


def ceiling_grams(producer_id: ObjectId, product_id: str, day: date) -> int:
    """Return how many grams of a product the producer's confirmed plots may yield by the ceiling of a day.

    A plot on which several products grow counts for each of them in full.

    Raises:
        NotFound: no such product.
        NoCeiling: the office has set no ceiling.
    """
    row = product.ceiling(product.read(product_id), day)
    return product.most_grams(confirmed_area(producer_id, product_id), row["kg_per_mu"])
