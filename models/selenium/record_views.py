"""Records of production as growers see them: plain dicts, and the sheet of a season or of a lot."""

from collections.abc import Iterable
from typing import Any

from backend import clock
from backend.sheets import writing
from backend.store import paging
from models.selenium import growing, lot, record, seasons
from models.selenium.grower_views import Page, lot_shown
from models.selenium.producer import Grower
from models.selenium.record import Record

TOO_EARLY_ZH = "该批次采收时安全间隔期未满,请勿销售,并联系乡镇农业服务机构。"
COLUMNS = ("日期", "事项", "内容", "地点", "批次", "包装批", "箱", "发货单", "状态", "登记时间")
MOST_ROWS = 5_000
"""Of one sheet: what one producer records in a season stays far below."""
MOST_STEPS = 10


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a record."""
    told = {name: found[name] for name in ("kind", "day", "season", "place_zh", "state")} | {
        "id": str(found["_id"]),
        "kind_zh": record.KIND_ZH[found["kind"]],
        "what_zh": what(found),
        "event_ids": found["events"],
        "state_zh": record.STATE_ZH[found["state"]],
        "created_at": clock.civil(found["created_at"]).isoformat(timespec="seconds"),
    }
    told |= {name: [str(one) for one in found[name]] for name in ("lots", "plots", "packs", "boxes") if found.get(name)}
    return told | {name: str(found[name]) for name in ("shipment", "buyer", "replaced_by") if found.get(name)}


def what(found: dict[str, Any]) -> str:
    """Return in words what a record says, without anybody's name."""
    told = found.get("told", {})
    if found["kind"] == "input":
        words = f"{growing.INPUT_ZH[told['input']]}:{told['name']} {told['amount']} {growing.UNIT_ZH[told['unit']]}"
        words += f",防治{told['target']}" if "target" in told else ""
        words += f",来源:{bought}" if (bought := record.source_of(found)) else ""
        return words + (f",安全间隔期 {told['interval_days']} 天" if "interval_days" in told else "")
    parts = [f"{told[name]} {unit}" for name, unit in (("boxes", "箱"), ("packages", "件")) if told.get(name)]
    parts += [f"{told['grams'] / 1000:g} 公斤"] if told.get("grams") else []
    if found["kind"] == "grading":
        sums = [sum(told[name].values()) / 1000 for name in ("taken", "made")]
        parts = [f"{sums[0]:g} 公斤分为 {len(told['made'])} 个批次共 {sums[1]:g} 公斤"]
    return f"{record.KIND_ZH[found['kind']]} {','.join(parts)}".strip()


def warned(found: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the harvests that it shows to have been too early."""
    early = [one | {"message_zh": TOO_EARLY_ZH} for one in growing.too_early(found)]
    return shown(found) | ({"warnings": early} if early else {})


def graded(found: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a grading with the lots that it made."""
    made = lot.several(list(found["told"]["made"]))
    return {"record": shown(found), "lots": [lot_shown(made[number]) for number in found["told"]["made"]]}


def records(grower: Grower, *, cursor: str | None = None, limit: int = 20, **asked: str) -> Page:
    """Return a page of the producer's records, newest day first."""
    query: dict[str, Any] = {"producer": grower.producer_id}
    query |= {{"lot": "lots"}.get(name, name): value for name, value in asked.items()}
    found, following = paging.page(Record._get_collection(), query, sort=("day", -1), cursor=cursor, limit=limit)
    return [shown(one) for one in found], following


def sheet(grower: Grower, *, season: str = "", lot_no: str = "") -> bytes:
    """Return the records of a season, or of a lot with all from which it came, as a workbook.

    Raises:
        NotFound: no such lot of the producer.
    """
    query: dict[str, Any] = {"producer": grower.producer_id}
    if lot_no:
        lot.own(grower, lot_no)
        query |= about(lineage(lot_no))
    else:
        query |= {"season": season or {"$in": seasons.under_way()}}
    found = Record._get_collection().find(query).sort([("day", 1), ("_id", 1)]).limit(MOST_ROWS)
    return writing.table(COLUMNS, _rows(found), title="农产品生产记录")


def _rows(found: Iterable[dict[str, Any]]) -> Iterable[list[str]]:
    for one in found:
        lists = ["、".join(one.get(name, [])) for name in ("lots", "packs", "boxes")]
        at = f"{clock.civil(one['created_at']):%Y-%m-%d %H:%M}"
        state = record.STATE_ZH[one["state"]]
        yield [
            one["day"],
            record.KIND_ZH[one["kind"]],
            what(one),
            one["place_zh"],
            *lists,
            one.get("shipment", ""),
            state,
            at,
        ]


def lineage(number: str) -> list[dict[str, Any]]:
    """Return a lot and all lots out of which it was graded, in one read."""
    joined = {
        "from": lot.COLLECTION,
        "startWith": "$parents",
        "connectFromField": "parents",
        "connectToField": "_id",
        "as": "before",
        "maxDepth": MOST_STEPS,
    }
    found = list(lot.Lot._get_collection().aggregate([{"$match": {"_id": number}}, {"$graphLookup": joined}]))
    return [one for each in found for one in (each, *each["before"])]


def about(lots: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the query of what was done with lots, and on their plots in the year before the harvest."""
    days = sorted(one["harvested_on"] for one in lots)
    earliest = f"{int(days[0][:4]) - 1}{days[0][4:]}"
    plots = sorted({each for one in lots for each in one["plots"]})
    inputs = {"plots": {"$in": plots}, "kind": "input", "day": {"$gte": earliest, "$lte": days[-1]}}
    return {"$or": [{"lots": {"$in": [one["_id"] for one in lots]}}, inputs]}
