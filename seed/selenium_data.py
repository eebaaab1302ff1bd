"""The county's selenium-rich products, and a made-up co-operative of 梓山 for demonstrations.

No public source tells how much a mu yields, so there are ceilings in the demonstration only, marked as such: without
one no codes are given out until the office sets it.
"""

from datetime import date
from pathlib import Path
from typing import Any

import orjson
from bson import ObjectId

from backend import clock
from models.identity import organisation
from models.identity.organisation import Organisation, Told
from models.selenium import plot, producer, product, seasons
from models.selenium.plot import Plot
from models.selenium.producer import Producer
from models.selenium.product import Ceiling, Product
from models.selenium.seasons import Calendar
from models.selenium.trade_item import TradeItem

FILE = Path(__file__).parent / "county" / "selenium.json"
BY = "system:demo"
PRODUCER = ObjectId("66f000000000000000000001")


def _read() -> dict[str, Any]:
    return dict(orjson.loads(FILE.read_bytes()))


def products(*, with_demo: bool) -> int:
    """Put the products, without what staff changed; the made-up ceilings only when asked. Return how many."""
    told = _read()
    ceilings = told["demo"]["kg_per_mu"] if with_demo else {}
    for one in told["products"]:
        record = {name: value for name, value in one.items() if name not in {"id", "seasons"}}
        found = Product._get_collection().find_one({"_id": one["id"]}, {"kept": 1, "yields": 1, "seasons": 1}) or {}
        if found.get("kept"):
            continue
        rows = found.get("yields") or []
        if not rows and one["id"] in ceilings:
            rows = product.with_ceiling([], _ceiling(told["demo"], ceilings[one["id"]]))
        record |= {"yields": rows, "seasons": found.get("seasons") or _seasons(one)}
        change = {"$set": record, "$setOnInsert": {"state": "active"}}
        Product._get_collection().update_one({"_id": one["id"]}, change, upsert=True)
    return len(told["products"])


def _seasons(one: dict[str, Any]) -> list[dict[str, Any]]:
    if not (told := one.get("seasons")):
        return []
    starts = tuple((each["name"], each["from"]) for each in told["starts"])
    return [seasons.row(Calendar(starts, date.fromisoformat(told["valid_from"]), told["source"]))]


def _ceiling(demo: dict[str, Any], kg_per_mu: int) -> Ceiling:
    return Ceiling(kg_per_mu, demo["source"], date.fromisoformat(demo["valid_from"]), demo=True)


def co_operative() -> int:
    """Put the made-up co-operative with its plots and trade items where it is not there yet; return how many plots.

    Nobody owns it: the demonstration lets a counter clerk make an owner.
    """
    demo, by = _read()["demo"], {"created_at": clock.now(), "created_by": BY}
    made = organisation.record(Told(**demo["organisation"]), source="demo", by=BY)
    code = {"credit_code": made["credit_code"]}
    Organisation._get_collection().update_one(code, {"$setOnInsert": made}, upsert=True)
    found = organisation.by_code(made["credit_code"])
    assert found is not None
    home = producer.village(demo["village"])
    grower = {"kind": "organisation", "shown_name": found["name"], **home, "state": "active", **by}
    owner = {"organisation": found["_id"]}
    Producer._get_collection().update_one(owner, {"$setOnInsert": {"_id": PRODUCER, **grower}}, upsert=True)
    _plots(demo, home, by)
    _trade_items(demo, by)
    return len(demo["plots"])


def _plots(demo: dict[str, Any], home: dict[str, Any], by: dict[str, Any]) -> None:
    for one in demo["plots"]:
        area, name = plot.square_metres(one["area_mu"]), plot.sealed_name(ObjectId(one["id"]), one["name"])
        record = {"producer": PRODUCER, "name": name, **home, "area_m2": area, "products": one["products"]}
        record |= {"state": "confirmed", "confirmed_m2": area, "evidence": "measured", "confirmed_by": BY, **by}
        Plot._get_collection().update_one({"_id": ObjectId(one["id"])}, {"$setOnInsert": record}, upsert=True)


def _trade_items(demo: dict[str, Any], by: dict[str, Any]) -> None:
    for one in demo["trade_items"]:
        record = {name: value for name, value in one.items() if name != "id"}
        record |= {"producer": PRODUCER, "state": "active", **by}
        TradeItem._get_collection().update_one({"_id": ObjectId(one["id"])}, {"$setOnInsert": record}, upsert=True)
