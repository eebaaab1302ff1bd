"""What happens to plots and lots before they are packed: inputs, harvests, samples, grading, loose sales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import NotFound, Unprocessable
from models.selenium import buyer, events, harvesting, lot, plot, record
from models.selenium.harvesting import Harvest
from models.selenium.producer import Grower
from models.selenium.record import Record

INPUT_ZH = {
    "fertiliser": "施肥",
    "pesticide": "用药",
    "selenium": "补硒",
    "seedling": "种子种苗",
    "other": "其他投入品",
}
UNIT_ZH = {
    "kg": "千克",
    "g": "克",
    "L": "升",
    "mL": "毫升",
    "kg_per_mu": "千克/亩",
    "g_per_mu": "克/亩",
    "L_per_mu": "升/亩",
    "mL_per_mu": "毫升/亩",
    "pieces": "株(粒)",
}
MOST_INTERVAL_DAYS = 365
MOST_WARNED = 50


class IntervalNeeded(Unprocessable):
    """422: a pesticide is recorded with its safety interval."""

    code = "safety_interval_needed"
    zh = "用药记录须填写安全间隔期(见农药标签,没有间隔要求的填 0)。"
    en = "Tell the safety interval of the pesticide, as its label says; 0 where there is none."

    def __init__(self) -> None:
        super().__init__(fields={"interval_days": [self.zh]})


class IntervalRunning(Unprocessable):
    """422: the plot was sprayed so lately that nothing may be harvested there yet."""

    code = "safety_interval"
    zh = "所选地块用药后安全间隔期未满,{safe_from} 起方可采收;如用药记录有误,请先更正。"
    en = "The safety interval after spraying is running: harvest from {safe_from} on, or correct the record."

    def __init__(self, safe_from: str) -> None:
        super().__init__(fields={"plots": [self.zh.format(safe_from=safe_from)]}, safe_from=safe_from)


class ReplacedWrong(Unprocessable):
    """422: the record that is to be replaced is none of an input, or was corrected before."""

    code = "record_replaced_wrong"
    zh = "只能更正本人的、仍有效的投入品记录。"
    en = "Only a record of an input that still counts can be replaced."

    def __init__(self) -> None:
        super().__init__(fields={"replaces": [self.zh]})


@dataclass(frozen=True)
class Input:
    """What was put on plots on a day, and how much; `interval_days` must pass before the next harvest."""

    input: str
    plots: tuple[ObjectId, ...]
    day: date
    name: str
    amount: str
    unit: str
    source: str = ""
    target: str = ""
    registration: str = ""
    interval_days: int | None = None


def put_on(grower: Grower, given: Input, *, replaces: ObjectId | None = None, key: str = "") -> dict[str, Any]:
    """Record an input, in place of another record where that was wrong.

    Raises:
        PlotsWrong, DayWrong, IntervalNeeded, ReplacedWrong: it cannot have been like this.
        RecordChanged: what it replaces was corrected meanwhile.
    """
    if again := record.of_key(key):
        return again
    if given.input == "pesticide" and given.interval_days is None:
        raise IntervalNeeded
    fields = own_plots(grower, given.plots)
    day, plots = record.check_day(given.day), sorted(set(given.plots))
    told: dict[str, Any] = {"input": given.input, "name": given.name, "amount": given.amount, "unit": given.unit}
    told |= {name: value for name in ("target", "registration") if (value := getattr(given, name))}
    if given.interval_days is not None:
        told |= {"interval_days": given.interval_days}
        told |= {"safe_from": (day + timedelta(days=given.interval_days)).isoformat()}
    about: dict[str, Any] = {"plots": plots, "place_zh": fields[0]["village_zh"], "told": told}
    happened = events.field_input(day, plots, told)
    drafted = record.draft(grower, "input", day, [happened], key=key, source=given.source, **about)
    if replaces is None:
        return record.keep(drafted)
    return record.keep(drafted, record.correction(grower, _replaced(grower, replaces), drafted).store)


def _replaced(grower: Grower, record_id: ObjectId) -> dict[str, Any]:
    try:
        found = record.own(grower, record_id)
    except NotFound:
        raise ReplacedWrong from None
    if (found["kind"], found["state"]) != ("input", "kept"):
        raise ReplacedWrong
    return found


def own_plots(grower: Grower, plots: Sequence[ObjectId]) -> list[dict[str, Any]]:
    """Return plots of the producer that are in use.

    Raises:
        PlotsWrong: one is another's or given up.
    """
    found = list(plot.several(list(plots)).values())
    wrong = any(one["producer"] != grower.producer_id or one["state"] == "ended" for one in found)
    if not plots or wrong or len(found) != len(set(plots)):
        raise harvesting.PlotsWrong
    return found


def too_early(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the harvests that a record of a pesticide shows to have been too early; what is true is recorded."""
    safe_from = found["told"].get("safe_from", "")
    if found["kind"] != "input" or safe_from <= found["day"]:
        return []
    query: dict[str, Any] = {"plots": {"$in": found["plots"]}, "day": {"$gte": found["day"], "$lt": safe_from}}
    query |= {"kind": "harvest", "state": "kept"}
    listed = Record._get_collection().find(query, {"lots": 1, "day": 1}).limit(MOST_WARNED)
    return [{"lot": one["lots"][0], "harvested_on": one["day"], "safe_from": safe_from} for one in listed]


def bring_in(grower: Grower, told: Harvest, key: str = "") -> dict[str, Any]:
    """Record a harvest: return the lot that it makes.

    Raises:
        ProductUnknown, PlotsWrong, HarvestDayWrong: it cannot have been harvested like this.
        IntervalRunning: a pesticide was put on a plot too lately.
    """
    if again := record.of_key(key):
        return lot.read(again["lots"][0])
    drafted = harvesting.harvest(grower, told)
    goods, plots = drafted.lots[0], own_plots(grower, told.plots)
    if (until := _safe_from(told)) > goods["harvested_on"]:
        raise IntervalRunning(until)
    about = {"lots": [goods["_id"]], "plots": goods["plots"], "season": goods["season"]}
    about |= {"told": {"product": told.product, "grams": told.grams}, "place_zh": plots[0]["village_zh"]}
    happened = events.harvest(goods, plots)
    kept = record.draft(grower, "harvest", told.harvested_on, [happened], key=key, **about)
    return lot.read(record.keep(kept, drafted.store)["lots"][0])


def _safe_from(told: Harvest) -> str:
    """Return from which day on the plots may be harvested, empty where nothing speaks against it."""
    query = {"plots": {"$in": list(told.plots)}, "day": {"$lte": told.harvested_on.isoformat()}}
    query |= {"kind": "input", "state": "kept", "told.safe_from": {"$gt": told.harvested_on.isoformat()}}
    return max((one["told"]["safe_from"] for one in Record._get_collection().find(query, {"told": 1})), default="")


@dataclass(frozen=True)
class Sampling:
    """A sample that a grower took of a lot to have it tested, and where it went."""

    lot: str
    day: date
    grams: int
    lab_zh: str = ""


def sample(grower: Grower, told: Sampling, key: str = "") -> dict[str, Any]:
    """Record that a grower took a sample; what an official takes has its own chain of custody.

    Raises:
        NotFound: no such lot of the producer.
        DayWrong: it is before the harvest, or in the future.
    """
    if again := record.of_key(key):
        return again
    goods = lot.own(grower, told.lot)
    day = record.check_day(told.day, goods["harvested_on"])
    about: dict[str, Any] = {"grams": told.grams} | ({"lab_zh": told.lab_zh} if told.lab_zh else {})
    happened = events.sampling(goods, day, told.grams)
    more = {"lots": [told.lot], "season": goods["season"], "told": about}
    return record.keep(record.draft(grower, "sampling", day, [happened], key=key, **more))


def sort_out(
    grower: Grower, taken: Mapping[str, int], into: Sequence[tuple[str, int]], day: date, key: str = ""
) -> dict[str, Any]:
    """Record a grading: return its record, whose first lots are those that it made.

    Raises:
        NotFound, ParentsWrong, DayWrong: it cannot have been graded like this.
        LotNotOpen, LotTooSmall: a lot cannot give as much.
    """
    if again := record.of_key(key):
        return again
    drafted = harvesting.grade(grower, taken, into)
    sources = lot.several(list(taken))
    record.check_day(day, max(one["harvested_on"] for one in sources.values()))
    made = [one["_id"] for one in drafted.lots]
    told = {"taken": dict(taken), "made": {one["_id"]: one["grams"] for one in drafted.lots}}
    happened = events.grading({sources[one]["uri"]: grams for one, grams in taken.items()}, drafted.lots, day)
    about: dict[str, Any] = {"lots": [*made, *sorted(taken)], "told": told, "season": drafted.lots[0]["season"]}
    return record.keep(record.draft(grower, "grading", day, [happened], key=key, **about), drafted.store)


@dataclass(frozen=True)
class Sale:
    """Grams of a lot that were sold loose, and to whom where that is known."""

    lot: str
    grams: int
    day: date
    buyer: ObjectId | None = None


def sell(grower: Grower, told: Sale, key: str = "") -> dict[str, Any]:
    """Record a sale of loose produce.

    Raises:
        NotFound: no such lot of the producer.
        BuyerWrong, DayWrong: it cannot have been sold like this.
        LotNotOpen, LotTooSmall: the lot cannot give as much.
    """
    if again := record.of_key(key):
        return again
    goods = lot.own(grower, told.lot)
    day = record.check_day(told.day, goods["harvested_on"])
    to = buyer.parties(buyer.named(grower, told.buyer)) if told.buyer else []
    happened = events.selling(grower.producer_id, day, [events.loose(goods["uri"], told.grams)], to)
    about: dict[str, Any] = {"lots": [told.lot], "season": goods["season"], "told": {"grams": told.grams}}
    about |= {"buyer": told.buyer} if told.buyer else {}
    drafted = record.draft(grower, "selling", day, [happened], key=key, **about)

    def effect(session: ClientSession) -> None:
        lot.use(told.lot, told.grams, session)

    return record.keep(drafted, effect)
