"""A roll: labels 1 to N of one trade item, ordered at once, bound to lots when they are stuck on.

    making ──job──▶ ready

Ordering takes the quota, reserves the serials and starts the job in one transaction. The job makes codes and sheets
part by part; each part may be made again, so that a kill loses nothing and doubles nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    LongField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox, personal_data, runtime
from backend.codes import product_code
from backend.errors import Conflict
from backend.labels.sheets import write
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.selenium import code, code_quota, product, roll_labels, seasons, trade_item
from models.selenium.producer import Grower, theirs

COLLECTION = "selenium_rolls"
STATE_ZH = {"making": "制作中", "ready": "已完成"}
MOST = 100_000
MOST_SPANS = 500
NOT_LOST = {"lost": {"$exists": False}}
_LETTERS = product_code.ALPHABET
_LONG = 10


class Roll(Document):
    """`spans` are the packs that cover its labels, and with `void` those that were destroyed; `lost` who said so."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["producer", "-created_at", "-_id"]},
            {"fields": ["village", "_id"]},
            {"fields": ["form", "key_id", "-first_counter"]},
        ],
    }
    id = StringField(primary_key=True)
    producer = ObjectIdField(required=True)
    village = StringField(required=True)
    product = StringField(required=True)
    product_zh = StringField(required=True)
    item = ObjectIdField(required=True)
    item_zh = StringField(required=True)
    gtin = StringField()
    net_grams = IntField(required=True)
    season = StringField(required=True)
    count = IntField(required=True)
    form = StringField(required=True)
    key_id = IntField(required=True)
    first_counter = LongField(required=True)
    scope = StringField(required=True)
    scratch = BooleanField()
    sheet = StringField(required=True)
    printer = DictField()
    start = IntField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    job = ObjectIdField(required=True)
    spans = ListField(DictField())
    lost = DictField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "标签卷(产品码订单)",
        via=(("producer", "producers"),),
        traces=("village", "created_by"),
        at_deletion="restrict",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条)。",
    )
)


class ItemRetired(Conflict):
    """409: no codes are issued for a trade item that was ended."""

    code = "trade_item_retired"
    zh = "该销售规格已停用,不能再发码,请选择在用的规格。"
    en = "This trade item is retired. Choose one that is in use."


class RollNotReady(Conflict):
    """409: the labels are still being made."""

    code = "roll_not_ready"
    zh = "标签还在制作中,请稍后再下载。"
    en = "The labels are still being made. Try again later."


class RollLost(Conflict):
    """409: the roll was reported lost."""

    code = "roll_lost"
    zh = "该卷标签已报失,不能绑定;如已找回,请联系农业农村部门解除。"
    en = "This roll was reported lost. Ask the agricultural office when it was found again."


@dataclass(frozen=True)
class Wanted:
    """What is ordered: labels for so many packages, on which sheet, from which of its labels on."""

    item: ObjectId
    count: int
    sheet: str = "a4_40"
    start: int = 1
    season: str = ""
    scratch: bool = False
    printer: Mapping[str, float] = field(default_factory=dict)


def order(grower: Grower, wanted: Wanted) -> dict[str, Any]:
    """Order codes for packages of a trade item.

    Raises:
        NotFound: no such trade item of the producer.
        ItemRetired: it was ended.
        NoCeiling, QuotaExceeded: the plots may not yield as much.
        SeasonWrong: the product has no such season.
        LayoutUnknown, StartOutside, CodeTooDense, SerialTooLong: the labels cannot be printed like this.
    """
    made = _record(grower, wanted)
    _try_label(made)
    quota, ceiling = code_quota.opened(grower.producer_id, made["product"], made["season"])
    grams = made["net_grams"] * wanted.count
    total = roll_labels.plan(made).parts(wanted.count)
    line = entry.line(grower.actor_key, "roll.order", f"roll:{made['_id']}", unit=grower.unit, count=wanted.count)

    def change(session: ClientSession) -> dict[str, Any]:
        code_quota.take(quota, grams, ceiling, session)
        first = code.reserve(made["form"], made["key_id"], wanted.count, session)
        job = jobs.start(
            "selenium.make_codes",
            args={"roll": made["_id"]},
            total=total,
            started_by=grower.actor_key,
            unit=grower.unit,
            session=session,
        )
        whole = made | {"first_counter": first, "job": job["_id"]}
        Roll._get_collection().insert_one(dict(whole), session=session)
        entry.write(line, session)
        return whole

    stored = transactions.run(change)
    outbox.wake("reports")
    return stored


def _record(grower: Grower, wanted: Wanted) -> dict[str, Any]:
    item = trade_item.own(grower, wanted.item)
    if item["state"] != "active":
        raise ItemRetired
    goods = product.read(item["product"])
    gtin = item.get("gtin", "")
    made = {
        "_id": "R" + "".join(secrets.choice(_LETTERS) for _ in range(_LONG)),
        "producer": grower.producer_id,
        "village": grower.producer["village"],
        "product": item["product"],
        "product_zh": goods["name_zh"],
        "item": item["_id"],
        "item_zh": item["name_zh"],
        "net_grams": item["net_grams"],
        "season": seasons.require(goods, wanted.season or seasons.of(goods, clock.today())),
        "count": wanted.count,
        "form": (product_code.GS1 if gtin else product_code.SHORT).name,
        "key_id": runtime.current().product_keys.current,
        "scope": code.scope(gtin, item["product"], grower.producer_id),
        "scratch": wanted.scratch,
        "sheet": wanted.sheet,
        "start": wanted.start,
        "printer": dict(wanted.printer),
        "state": "making",
        "spans": [],
        "created_at": clock.now(),
        "created_by": grower.actor_key,
    }
    return made | ({"gtin": gtin} if gtin else {})


def _try_label(made: dict[str, Any]) -> None:
    """Print one label into nothing: what cannot be printed is refused before anything is counted."""
    plan = roll_labels.plan(made)
    write(plan, 0, 1, [roll_labels.label(made | {"first_counter": 0}, 1)], BytesIO())


def make(job_id: ObjectId) -> None:
    """Work on the job of a roll: codes and sheets, part by part.

    Raises:
        outbox.Later: some parts are done and more may follow.
    """
    found = read(jobs.read(job_id)["args"]["roll"])
    parts = roll_labels.plan(found).parts(found["count"])

    def batch(position: str | None) -> list[str]:
        first = int(position) + 1 if position else 0
        return [str(one) for one in range(first, min(parts, first + 4))]

    def step(number: str) -> None:
        span = roll_labels.span(found, int(number))
        code.mint(found, span)
        roll_labels.write_part(found, int(number))

    def last() -> None:
        Roll._get_collection().update_one({"_id": found["_id"], "state": "making"}, {"$set": {"state": "ready"}})

    jobs.work(job_id, batch, step, last)


def read(number: str) -> dict[str, Any]:
    """Return a roll.

    Raises:
        NotFound: no such roll.
    """
    return documents.one(Roll, {"_id": number})


def own(grower: Grower, number: str) -> dict[str, Any]:
    """Return a roll of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return theirs(grower, read(number))


def cover(
    number: str, span: dict[str, Any], session: ClientSession | None = None, *, guard: dict[str, Any] | None = None
) -> bool:
    """Take labels out of a roll unless some are taken; one guarded update decides."""
    overlap = {"$elemMatch": {"first": {"$lte": span["last"]}, "last": {"$gte": span["first"]}}}
    free = {"_id": number, "spans": {"$not": overlap}, f"spans.{MOST_SPANS - 1}": {"$exists": False}}
    update = {"$push": {"spans": span}}
    return bool(Roll._get_collection().update_one(free | (guard or {}), update, session=session).matched_count)


def finished(found: dict[str, Any]) -> dict[str, Any]:
    """Return a roll whose labels are all made.

    Raises:
        RollNotReady: the job is not done.
    """
    if found["state"] != "ready":
        raise RollNotReady
    return found


_ORDERED = ("first_counter", "count", "scope", "product_zh", "item_zh", "net_grams", "scratch", "gtin")


def of_counter(form: str, key_id: int, counter: int) -> dict[str, Any] | None:
    """Return what the roll that reserved a serial was ordered as, None when none did."""
    found = Roll._get_collection().find_one(
        {"form": form, "key_id": key_id, "first_counter": {"$lte": counter}},
        dict.fromkeys(_ORDERED, 1),
        sort=[("first_counter", -1)],
    )
    return found if found and counter < found["first_counter"] + found["count"] else None
