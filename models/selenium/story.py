"""The story of a package, from the field to the sale: what anybody may read, in order.

Two reads, all by an index: the lots before its lot, the records of their making. No person, buyer or free text of a
grower is in it, and no place is more exact than a village. Each process keeps the story of a pack for a minute, so that
a page that thousands look at reads it once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from backend import clock
from models.selenium import growing, record_views
from models.selenium.record import Record

Step = dict[str, str]
MOST_RECORDS = 200
KEPT_SECONDS, MOST_KEPT = 60, 2048
_ORDER = ("input", "harvest", "grading", "sampling", "test", "packing", "activation", "shipping", "selling")
_COLUMNS = {"kind": 1, "day": 1, "told": 1, "place_zh": 1}


@dataclass(frozen=True)
class _Asked:
    """A pack in a state and a minute; what is kept is kept for that."""

    number: str
    state: str
    tested: tuple[str, ...]
    minute: int
    found: Mapping[str, Any] = field(compare=False)


def lately(found: Mapping[str, Any], tested: tuple[str, ...] = ()) -> tuple[Step, ...]:
    """Return the steps of a pack and the days of its test reports, as they were a minute ago at most."""
    minute = int(clock.timestamp()) // KEPT_SECONDS
    return _kept(_Asked(found["_id"], found["state"], tested, minute, found))


@lru_cache(maxsize=MOST_KEPT)
def _kept(asked: _Asked) -> tuple[Step, ...]:
    return tuple(of_pack(asked.found, asked.tested))


def of_pack(found: Mapping[str, Any], tested: Iterable[str] = ()) -> list[Step]:
    """Return the steps of a pack as `covering.read` gives it: `day`, `zh`, and `place_zh` where a place is known.

    `tested` are the days of the reports behind its certificates.
    """
    lots = record_views.lineage(found["lot"])
    steps = [*_grown(lots, found), *_recorded(lots, found), *_packed(found)]
    steps += [_step("test", day, "检测报告") for day in tested]
    ordered = sorted(steps, key=lambda one: (one["day"], _ORDER.index(one["kind"])))
    told = [{name: value for name, value in one.items() if name != "kind"} for one in ordered]
    return [one for place, one in enumerate(told) if one not in told[:place]]


def _grown(lots: Iterable[Mapping[str, Any]], found: Mapping[str, Any]) -> Iterable[Step]:
    for one in lots:
        if one["kind"] == "harvest":
            yield _step("harvest", one["harvested_on"], "采收", found["village_zh"])


def _recorded(lots: list[dict[str, Any]], found: Mapping[str, Any]) -> Iterable[Step]:
    about = record_views.about(lots)["$or"]
    within, on_plots = about[0], about[1]
    shipped = {"packs": found["_id"], "kind": "shipping"}
    query: dict[str, Any] = {"$or": [within | {"kind": {"$in": ["grading", "sampling"]}}, on_plots, shipped]}
    query |= {"state": "kept", "producer": found["producer"]}
    for one in Record._get_collection().find(query, _COLUMNS).sort("day", -1).limit(MOST_RECORDS):
        yield _step(one["kind"], one["day"], _words(one), one["place_zh"])


def _words(found: Mapping[str, Any]) -> str:
    told = found["told"]
    if found["kind"] == "input":
        interval = told.get("interval_days")
        return growing.INPUT_ZH[told["input"]] + (f"(安全间隔期 {interval} 天)" if interval else "")
    return {"grading": "分级", "sampling": "抽样送检", "shipping": "发货"}[found["kind"]]


def _packed(found: Mapping[str, Any]) -> Iterable[Step]:
    yield _step("packing", _day(found["bound_at"]), "包装赋码")
    for kind, name, zh in (("activation", "activated_at", "启用"), ("selling", "sold_at", "售出")):
        if name in found:
            yield _step(kind, _day(found[name]), zh)


def _step(kind: str, day: str, zh: str, place_zh: str = "") -> Step:
    return {"kind": kind, "day": day, "zh": zh, "place_zh": place_zh}


def _day(at: datetime) -> str:
    return clock.civil(at).date().isoformat()
